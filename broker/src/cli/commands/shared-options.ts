import { Option } from 'commander'
import { type ConnectionFlags, connectionOf } from '../access/connection.ts'
import type { AdminClient } from '../admin/admin-client.ts'
import { adminClient } from '../admin/admin-client.ts'
import { defaultServer } from '../servers.ts'
import type { Terminal } from '../terminal.ts'

export interface ClientOptions extends ConnectionFlags {
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

export function jsonOption(): Option {
  return new Option('--json', 'print JSON for programs')
}

export function adminOf(options: ClientOptions, terminal: Terminal): AdminClient {
  return adminClient(() => connectionOf(options, terminal), terminal.interrupted)
}
