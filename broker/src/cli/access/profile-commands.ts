import { readGuardedFileIfAny } from '../../platform/node/guarded-file.ts'
import { replaceSecretFile } from '../../platform/node/secret-file.ts'
import { UsageError } from '../command-failure.ts'
import { defaultServer } from '../servers.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { type Profile, type Profiles, profileNamed, secretKeys } from './profile.ts'
import { loadProfiles, profilesPath, withCurrent } from './profile-file.ts'

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
