import { type Command, Option } from 'commander'
import { type ConnectionFlags, connectionOf } from '../access/connection.ts'
import type { AdminClient } from '../admin/admin-client.ts'
import { adminClient } from '../admin/admin-client.ts'
import type { Asking } from '../admin/group-commands.ts'
import { defaultServer } from '../servers.ts'
import type { Terminal } from '../terminal.ts'

export interface ClientOptions extends ConnectionFlags {
  readonly json?: true
}

/** --server, which may be given several times and with commas. */
export function serverOption(): Option {
  const about = `address of a broker, or several with commas (default: ${defaultServer}, env: TAILRACE_SERVER)`
  return new Option('-s, --server <address>', about).argParser(repeated)
}

/** For an option that may be given several times. */
export function repeated(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value]
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON for programs')
}

/** Adds the options of every command that asks brokers. */
export function withServer(command: Command): Command {
  return command.addOption(serverOption()).addOption(jsonOption())
}

export function adminOf(options: ClientOptions, terminal: Terminal): AdminClient {
  return adminClient(() => connectionOf(options, terminal), terminal.interrupted)
}

/** What commands need that ask a broker and print its answer. */
export function askingOf(options: ClientOptions, terminal: Terminal): Asking {
  return { json: options.json === true, admin: adminOf(options, terminal), terminal }
}
