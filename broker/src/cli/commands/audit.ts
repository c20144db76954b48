import { Command } from 'commander'
import type { TopicDescription } from '../../api/broker-api.ts'
import { topicPath } from '../../cluster/routing/topic-path.ts'
import { AUDIT_TOPIC } from '../../security/audit/audit-event.ts'
import { connectionOf, sdkOptions } from '../access/connection.ts'
import { adminClient } from '../admin/admin-client.ts'
import { parsePosition } from '../option-values.ts'
import type { TailedRecord } from '../records/record-text.ts'
import type { Terminal } from '../terminal.ts'
import type { CommandContext } from './context.ts'
import type { ClientOptions } from './shared-options.ts'
import { serverOption } from './shared-options.ts'

interface AuditFlags extends ClientOptions {
  readonly from: string
  readonly follow?: boolean
}

/** `tailrace audit`. */
export function auditCommand({ terminal, run }: CommandContext): Command {
  return new Command('audit')
    .option('--from <position>', 'earliest, latest, an offset, or a time like 2026-01-31T12:00:00Z', 'earliest')
    .option('-f, --follow', 'go on with new entries, until Ctrl-C')
    .option('--json', 'a JSON object a line')
    .addOption(serverOption())
    .action((flags: AuditFlags) => run(() => audit(flags, terminal)))
}

async function audit(flags: AuditFlags, terminal: Terminal): Promise<number> {
  const from = parsePosition(flags.from)
  const connection = await connectionOf(flags, terminal)
  const [{ Consumer }, { tailRecords }, { auditText }, { recordText }, { nodeClock }] = await Promise.all([
    import('@tailrace/consumer'),
    import('../records/tail.ts'),
    import('../records/audit-text.ts'),
    import('../records/record-text.ts'),
    import('../../platform/node/clock.ts'),
  ])
  const client = adminClient(async () => connection, terminal.interrupted)
  const { partitions } = (await client.request('GET', topicPath(AUDIT_TOPIC))) as TopicDescription
  const { logStart = 0, highWatermark = 0 } = partitions[0] ?? {}
  const isOver = logStart === highWatermark || from === 'latest' || (typeof from === 'number' && from >= highWatermark)
  if (flags.follow !== true && isOver) return 0
  const consumer = new Consumer(sdkOptions(connection))
  const range = flags.follow === true ? { from } : { from, until: 'end' as const }
  const show = (record: TailedRecord) => (flags.json === true ? recordText(record, 'value') : auditText(record))
  try {
    return await tailRecords({ topics: [AUDIT_TOPIC], range, count: null, show }, consumer, nodeClock, terminal)
  } finally {
    await consumer.close()
  }
}
