import { Option } from 'commander'
import type { AdminClient } from '../admin/admin-client.ts'
import { adminClient } from '../admin/admin-client.ts'
import { type ClientTls, readClientTls, type TlsFlags } from '../client-tls.ts'
import { defaultServer, httpServers, webSocketServers } from '../servers.ts'
import type { Terminal } from '../terminal.ts'

export interface ClientOptions extends TlsFlags {
  readonly server?: string[]
  readonly json?: true
}

/** --server, which may be given several times and with commas. */
export function serverOption(): Option {
  const about = `address of a broker, or several with commas (default: ${defaultServer}, env: TAILRACE_SERVER)`
  return new Option('-s, --server <address>', about).argParser((value: string, before: string[] | undefined) => [
    ...(before ?? []),
    value,
  ])
}

/** For https:// addresses; on every command that has --server. */
export function tlsOptions(): Option[] {
  return [
    new Option('--tls-ca <file>', 'certificates of the CAs to trust, in PEM form (env: TAILRACE_TLS_CA)'),
    new Option('--tls-cert <file>', 'certificate to show to brokers, in PEM form (env: TAILRACE_TLS_CERT)'),
    new Option('--tls-key <file>', 'private key of that certificate (env: TAILRACE_TLS_KEY)'),
    new Option(
      '--tls-server-name <name>',
      'the name in the certificates of brokers, if it is not the host (env: TAILRACE_TLS_SERVER_NAME)',
    ),
  ]
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON for programs')
}

export function adminOf(options: ClientOptions, terminal: Terminal): AdminClient {
  const tls = () => tlsOf(options, terminal)
  return adminClient(httpServers(options.server, terminal.environment), terminal.interrupted, tls)
}

async function tlsOf(options: ClientOptions, terminal: Terminal): Promise<ClientTls> {
  const { readTextFile } = await import('../../platform/node/input-file.ts')
  return readClientTls(options, terminal.environment, readTextFile)
}

/** The brokers, and the TLS to them where an address asks for it, as the SDKs take them. @throws UsageError */
export async function sdkOptions(
  options: ClientOptions,
  terminal: Terminal,
): Promise<{ readonly servers: string[]; readonly tls?: ClientTls }> {
  const servers = webSocketServers(httpServers(options.server, terminal.environment))
  if (!servers.some((server) => server.startsWith('wss:'))) return { servers }
  return { servers, tls: await tlsOf(options, terminal) }
}
