import { resolve } from 'node:path'
import { readGuardedFileIfAny } from '../../platform/node/guarded-file.ts'
import { makeSecretFile, replaceSecretFile } from '../../platform/node/secret-file.ts'
import { UsageError } from '../command-failure.ts'
import { defaultServer } from '../servers.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import {
  credentialLevel,
  fileKeys,
  type Profile,
  type Profiles,
  profileNamed,
  readProfiles,
  secretKeys,
} from './profile.ts'
import { loadProfiles, profilesPath, withCurrent, withoutProfile, withProfile } from './profile-file.ts'

type Printing = Pick<Terminal, 'environment' | 'print' | 'width'>

export async function listProfiles(json: boolean, terminal: Printing): Promise<void> {
  const { path, loaded } = await load(terminal)
  const rows = [...loaded.profiles].map(([name, profile]) => ({
    name,
    ...shown(profile),
    current: name === loaded.current,
  }))
  if (json) return terminal.print(JSON.stringify(rows))
  if (rows.length === 0) return terminal.print(`There are no profiles in ${path}.`)
  const columns = [
    { title: '', of: ({ current }: (typeof rows)[number]) => (current ? '*' : '') },
    { title: 'PROFILE', of: ({ name }: (typeof rows)[number]) => name },
    { title: 'SERVERS', of: ({ servers }: (typeof rows)[number]) => (servers ?? [defaultServer]).join(',') },
    { title: 'AS', of: identity },
  ]
  terminal.print(table(rows, columns, terminal.width))
}

export interface AddedProfile {
  /** Paths are as the caller sees them. */
  readonly profile: Profile
  readonly isCurrent: boolean
}

/** Writes it into the file, which only its owner can read then. The first profile becomes the current one. */
export async function addProfile(
  name: string,
  { profile, isCurrent }: AddedProfile,
  json: boolean,
  terminal: Printing,
): Promise<void> {
  if (!nameForm.test(name))
    throw new UsageError(`a profile has a name of letters, digits, ".", "_" and "-", not ${name}`)
  const { path, loaded, text } = await load(terminal)
  if (loaded.profiles.has(name)) {
    throw new UsageError(
      `there is a profile ${name} in ${path}: remove it first with "tailrace profile remove ${name}"`,
    )
  }
  const paths = fileKeys.flatMap((key) => (profile[key] === undefined ? [] : [[key, resolve(profile[key])]]))
  const added = { ...profile, ...Object.fromEntries(paths) }
  const becomesCurrent = isCurrent || loaded.profiles.size === 0
  const written = await withProfile(text, name, added, becomesCurrent)
  // What the next command would refuse is not written.
  readProfiles({ profiles: { [name]: added } }, path)
  credentialLevel(name, added)
  await makeSecretFile(path, () => written)
  await replaceSecretFile(path, written)
  if (json) return terminal.print(JSON.stringify({ name, ...added, current: becomesCurrent }))
  terminal.print(`added profile ${name} to ${path}${becomesCurrent ? '; it is the current one' : ''}`)
}

const nameForm = /^[\w.-]{1,100}$/

/** Takes it out of the file; all else in it stays as it is. */
export async function removeProfile(name: string, json: boolean, terminal: Printing): Promise<void> {
  const { path, loaded, text } = await load(terminal)
  profileNamed(name, loaded, path)
  await replaceSecretFile(path, await withoutProfile(text, name))
  const note = loaded.current === name ? '; no profile is the current one now' : ''
  terminal.print(json ? JSON.stringify({ removed: name }) : `removed profile ${name}${note}`)
}

/** Writes the name into the file; all else in it stays as it is. */
export async function useProfile(name: string, json: boolean, terminal: Printing): Promise<void> {
  const { path, loaded, text } = await load(terminal)
  profileNamed(name, loaded, path)
  await replaceSecretFile(path, await withCurrent(text, name))
  terminal.print(json ? JSON.stringify({ current: name }) : `${name} is the current profile`)
}

export async function showProfile(name: string | undefined, json: boolean, terminal: Printing): Promise<void> {
  const { path, loaded } = await load(terminal)
  const wanted = name ?? loaded.current
  if (wanted === null) throw new UsageError(`no profile is the current one in ${path}: name one`)
  const profile = { name: wanted, ...shown(profileNamed(wanted, loaded, path)) }
  if (json) return terminal.print(JSON.stringify(profile))
  for (const [key, value] of Object.entries(profile)) {
    terminal.print(`${key}: ${Array.isArray(value) ? value.join(', ') : value}`)
  }
}

/** A profile without its secrets. */
function shown(profile: Profile): Profile {
  const hidden = secretKeys.filter((key) => profile[key] !== undefined).map((key) => [key, '(not shown)'])
  return { ...profile, ...Object.fromEntries(hidden) }
}

function identity({ user, token, tokenFile, tlsCert }: Profile): string {
  if (user !== undefined) return `user ${user}`
  if ((token ?? tokenFile) !== undefined) return 'a token'
  return tlsCert === undefined ? '' : 'a certificate'
}

async function load({ environment }: Printing): Promise<{ path: string; loaded: Profiles; text: string }> {
  const path = profilesPath(environment, process.platform)
  if (path === null) throw new UsageError('there is no folder for profiles: HOME is not set')
  const loaded = await loadProfiles(path, environment, readGuardedFileIfAny)
  return { path, loaded, text: (await readGuardedFileIfAny(path))?.text ?? '' }
}
