import { UsageError } from '../command-failure.ts'
import { fileKeys, type Profile, type Profiles, readProfiles, secretKeys } from './profile.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** A text file, and why other users can open it; null: there is none. */
export type ReadGuarded = (path: string) => Promise<{ readonly text: string; readonly exposed: string | null } | null>

/** Where profiles are kept; null where the environment does not tell. */
export function profilesPath(environment: Environment, platform: string): string | null {
  const { APPDATA, HOME, XDG_CONFIG_HOME } = environment
  const folder = platform === 'win32' ? APPDATA : XDG_CONFIG_HOME || (HOME && `${HOME}/.config`)
  return folder ? `${folder}/tailrace/config.yaml` : null
}

/**
 * The profiles of a file; none without a file. Paths in it become absolute.
 * @throws UsageError: a mistake, or others can read a file that holds secrets
 */
export async function loadProfiles(path: string, environment: Environment, read: ReadGuarded): Promise<Profiles> {
  const file = await read(path).catch((error: Error) => {
    throw new UsageError(`${path} cannot be read: ${error.message}`, { cause: error })
  })
  if (file === null) return readProfiles(null, path)
  const { current, profiles } = readProfiles(await parseYaml(file.text, path), path)
  const holdsSecrets = [...profiles.values()].some((profile) => secretKeys.some((key) => profile[key] !== undefined))
  if (holdsSecrets && file.exposed !== null) throw new UsageError(file.exposed)
  const located = [...profiles].map(([name, profile]) => [name, withPaths(profile, path, environment)] as const)
  return { current, profiles: new Map(located) }
}

/** Says where a mistake is and of which kind. Errors of the library show the line, in which there may be a secret. */
async function parseYaml(text: string, path: string): Promise<unknown> {
  const { LineCounter, parse, YAMLParseError } = await import('../../config/yaml.ts')
  const lineCounter = new LineCounter()
  try {
    return parse(text, { logLevel: 'error', prettyErrors: false, lineCounter })
  } catch (error) {
    const isPlaced = error instanceof YAMLParseError
    const place = isPlaced ? `: ${error.code} in line ${lineCounter.linePos(error.pos[0]).line}` : ''
    throw new UsageError(`${path} cannot be read, because it is not YAML${place}`)
  }
}

function withPaths(profile: Profile, path: string, { HOME }: Environment): Profile {
  const folder = path.replace(/[\\/][^\\/]*$/, '')
  const paths = fileKeys.flatMap((key) => {
    const given = profile[key]
    if (given === undefined) return []
    if (given.startsWith('~/') && HOME) return [[key, HOME + given.slice(1)]]
    return [[key, /^([\\/]|[a-z]:)/i.test(given) ? given : `${folder}/${given}`]]
  })
  return { ...profile, ...Object.fromEntries(paths) }
}

/** The text of a file of profiles with one more; comments stay. `isCurrent`: it becomes the current one. */
export async function withProfile(text: string, name: string, profile: Profile, isCurrent: boolean): Promise<string> {
  const { parseDocument } = await import('../../config/yaml.ts')
  const document = parseDocument(text)
  document.setIn(['profiles', name], document.createNode(profile))
  if (isCurrent) document.set('current', name)
  return document.toString({ lineWidth: 0 })
}

/** The text of a file of profiles without this one; it is not the current one any more. Comments stay. */
export async function withoutProfile(text: string, name: string): Promise<string> {
  const { parseDocument } = await import('../../config/yaml.ts')
  const document = parseDocument(text)
  document.deleteIn(['profiles', name])
  if (document.get('current') === name) document.delete('current')
  return document.toString({ lineWidth: 0 })
}

/** The text of a file of profiles with another `current`; comments stay. */
export async function withCurrent(text: string, name: string): Promise<string> {
  const { parseDocument } = await import('../../config/yaml.ts')
  const document = parseDocument(text)
  document.set('current', name)
  return document.toString({ lineWidth: 0 })
}
