import { type ClientTls, readClientTls, type TlsFlags } from '../client-tls.ts'
import { UsageError } from '../command-failure.ts'
import { httpServers, webSocketServers } from '../servers.ts'
import type { Terminal } from '../terminal.ts'
import { type Credential, type CredentialFlags, readCredential } from './credential.ts'
import { credentialLevel, type Profile, profileNamed } from './profile.ts'
import { loadProfiles, profilesPath } from './profile-file.ts'

/** Flags that say which cluster a command asks, and as whom. */
export interface ConnectionFlags extends TlsFlags, CredentialFlags {
  readonly server?: string[]
  readonly profile?: string
}

/** The brokers that a command asks, and what it shows to them. */
export interface Connection {
  /** http:// or https:// addresses. */
  readonly servers: readonly string[]
  /** Nothing where no address needs it. */
  readonly tls: ClientTls
  readonly credential: Credential | null
}

/**
 * From flags, else the environment, else a profile, else the first broker of a local cluster. Asks a person for a
 * password that is missing.
 * @throws UsageError
 */
export async function connectionOf(flags: ConnectionFlags, terminal: Terminal): Promise<Connection> {
  const { environment } = terminal
  const [{ readSecretFile }, { readTextFile }] = await Promise.all([
    import('../../platform/node/guarded-file.ts'),
    import('../../platform/node/input-file.ts'),
  ])
  const used = await profileOf(flags, environment)
  const servers = serversOf(flags, environment, used?.profile)
  const needsTls = servers.some((server) => server.startsWith('https:'))
  const tls = needsTls ? await readClientTls(flags, environment, readTextFile, used?.profile) : {}
  const level = used === null ? null : credentialLevel(used.name, used.profile)
  return { servers, tls, credential: await readCredential(flags, level, terminal, readSecretFile) }
}

/** As the SDKs take it. */
export function sdkOptions({ servers, tls, credential }: Connection): {
  readonly servers: string[]
  readonly tls?: ClientTls
  readonly credentials?: Credential
} {
  const addresses = webSocketServers(servers)
  return {
    servers: addresses,
    ...(addresses.some((server) => server.startsWith('wss:')) && { tls }),
    ...(credential !== null && { credentials: credential }),
  }
}

interface UsedProfile {
  readonly name: string
  readonly profile: Profile
}

/**
 * The profile that is asked for, else the current one. What the current one says is for its own brokers: a command that
 * names others without naming the profile does not show them its credential.
 */
async function profileOf(flags: ConnectionFlags, environment: Terminal['environment']): Promise<UsedProfile | null> {
  const asked = flags.profile ?? (environment.TAILRACE_PROFILE || undefined)
  const path = profilesPath(environment, process.platform)
  if (path === null) {
    if (asked === undefined) return null
    throw new UsageError(`there is no profile ${asked}: no folder for it, because HOME is not set`)
  }
  const { readGuardedFileIfAny } = await import('../../platform/node/guarded-file.ts')
  const profiles = await loadProfiles(path, environment, readGuardedFileIfAny)
  const name = asked ?? profiles.current
  if (name === null) return null
  const profile = profileNamed(name, profiles, path)
  if (asked !== undefined) return { name, profile }
  const own = new Set(serversOf({}, {}, profile))
  return serversOf(flags, environment, profile).every((server) => own.has(server)) ? { name, profile } : null
}

function serversOf(
  flags: ConnectionFlags,
  environment: Terminal['environment'],
  profile: Profile | undefined,
): string[] {
  const isGiven = Boolean(flags.server?.length || environment.TAILRACE_SERVER)
  return httpServers(isGiven ? flags.server : profile?.servers, environment)
}
