import { UsageError } from './command-failure.ts'

/** TLS options of commands that ask a broker. */
export interface TlsFlags {
  readonly tlsCa?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly tlsServerName?: string
}

/** PEM texts, and the name that certificates of brokers must have. */
export interface ClientTls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly serverName?: string
}

export type ReadText = (path: string) => Promise<string>

/**
 * From flags, else from the environment, else from a profile.
 * @throws UsageError: a file cannot be read, or one of two is missing
 */
export async function readClientTls(
  flags: TlsFlags,
  environment: Readonly<Record<string, string | undefined>>,
  read: ReadText,
  profile: TlsFlags = {},
): Promise<ClientTls> {
  const given = (flag: keyof TlsFlags, name: string): string | undefined =>
    flags[flag] ?? (environment[name] || profile[flag])
  const cert = given('tlsCert', 'TAILRACE_TLS_CERT')
  const key = given('tlsKey', 'TAILRACE_TLS_KEY')
  if ((cert === undefined) !== (key === undefined)) throw new UsageError('--tls-cert and --tls-key come together')
  const files = { ca: given('tlsCa', 'TAILRACE_TLS_CA'), cert, key }
  const texts: Record<string, string> = {}
  for (const [name, path] of Object.entries(files)) {
    if (path === undefined) continue
    texts[name] = await read(path).catch((error: Error) => {
      throw new UsageError(`--tls-${name} ${path} cannot be read: ${error.message}`, { cause: error })
    })
  }
  const serverName = given('tlsServerName', 'TAILRACE_TLS_SERVER_NAME')
  return { ...texts, ...(serverName === undefined ? {} : { serverName }) }
}
