import { nearest } from '../../config/nearest.ts'
import { UsageError } from '../command-failure.ts'
import type { CredentialLevel, Secret } from './credential-choice.ts'

/** How a cluster is reached, as the file of profiles says it. Paths of files are relative to its folder. */
export interface Profile {
  readonly servers?: readonly string[]
  readonly user?: string
  readonly password?: string
  readonly passwordFile?: string
  readonly token?: string
  readonly tokenFile?: string
  readonly tlsCa?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly tlsServerName?: string
}

/** `current`: the profile of commands that name none. */
export interface Profiles {
  readonly current: string | null
  readonly profiles: ReadonlyMap<string, Profile>
}

export const secretKeys = ['password', 'token'] as const
export const fileKeys = ['passwordFile', 'tokenFile', 'tlsCa', 'tlsCert', 'tlsKey'] as const
const profileKeys = ['servers', 'user', 'tlsServerName', ...secretKeys, ...fileKeys]

/** Checks what a file of profiles holds. @throws UsageError that names the place, and never a value */
export function readProfiles(content: unknown, path: string): Profiles {
  if (content === null || content === undefined) return { current: null, profiles: new Map() }
  const { current = null, profiles = {}, ...others } = fieldsOf(content, path)
  refuseUnknown(Object.keys(others), ['current', 'profiles'], path)
  const found = new Map(
    Object.entries(fieldsOf(profiles, `profiles in ${path}`)).map(([name, profile]) => [
      name,
      readProfile(profile, `profile ${name} in ${path}`),
    ]),
  )
  if (current === null) return { current, profiles: found }
  if (typeof current !== 'string') throw new UsageError(`current in ${path} must be the name of a profile`)
  return { current, profiles: found }
}

function readProfile(content: unknown, where: string): Profile {
  const { servers, ...texts } = fieldsOf(content ?? {}, where)
  refuseUnknown(Object.keys(texts), profileKeys, where)
  for (const [key, value] of Object.entries(texts)) {
    if (typeof value !== 'string' || value === '') throw new UsageError(`${key} of ${where} must be a text`)
  }
  if (servers === undefined) return texts
  const list = typeof servers === 'string' ? [servers] : servers
  if (!Array.isArray(list) || list.length === 0 || !list.every((server) => typeof server === 'string')) {
    throw new UsageError(`servers of ${where} must be an address, or a list of addresses`)
  }
  return { ...texts, servers: list }
}

/** The profile of this name. @throws UsageError: there is none */
export function profileNamed(name: string, { profiles }: Profiles, path: string): Profile {
  const profile = profiles.get(name)
  if (profile !== undefined) return profile
  throw new UsageError(`there is no profile ${JSON.stringify(name)} in ${path}${advice(name, [...profiles.keys()])}`)
}

/** What the profile says about who the caller is. */
export function credentialLevel(name: string, profile: Profile): CredentialLevel {
  const origin = `profile ${name}`
  const secret = (key: (typeof secretKeys)[number]): Secret | undefined => {
    const [text, file] = [profile[key], profile[`${key}File`]]
    if (text !== undefined && file !== undefined) {
      throw new UsageError(`${origin} has both ${key} and ${key}File; give one of them`)
    }
    if (text !== undefined) return { text }
    return file === undefined ? undefined : { file, origin: `${key}File of ${origin}` }
  }
  return { origin, user: profile.user, password: secret('password'), token: secret('token') }
}

function fieldsOf(content: unknown, where: string): Record<string, unknown> {
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) {
    return content as Record<string, unknown>
  }
  throw new UsageError(`${where} must be an object; docs/security.md shows one`)
}

function refuseUnknown(names: readonly string[], known: readonly string[], where: string): void {
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new UsageError(`${where}: there is no key ${unknown}${advice(unknown, known)}`)
}

function advice(name: string, known: readonly string[]): string {
  const guess = nearest(name, known)
  if (guess !== null) return `; did you mean ${guess}?`
  return known.length === 0 ? '' : `; known are ${known.join(', ')}`
}
