import type { BrokerId, LogLevel } from '@tailrace/schemas'
import type { LogLevelChange } from '../../api/log-level-api.ts'
import type { Looking } from './look-at-brokers.ts'
import { brokerNamed } from './look-at-brokers.ts'

const PATH = '/operations/log-level'

/** `tailrace broker log-level`. Undefined: only shows it. Asks the broker at its own address. */
export async function logLevel(id: BrokerId, level: LogLevel | undefined, looking: Looking): Promise<void> {
  const broker = await brokerNamed(id, looking)
  const admin = looking.adminOf(broker)
  const { json, terminal } = looking
  if (level === undefined) {
    const answer = (await admin.request('GET', PATH)) as { readonly level: LogLevel }
    terminal.print(json ? JSON.stringify({ broker: id, ...answer }) : `broker ${id} logs at level ${answer.level}`)
    return
  }
  const answer = (await admin.request('PUT', PATH, { level })) as LogLevelChange
  const text = `broker ${id} logs at level ${answer.level} until its next start; before: ${answer.before}`
  terminal.print(json ? JSON.stringify({ broker: id, ...answer }) : text)
}
