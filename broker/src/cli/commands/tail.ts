import { Command, Option } from 'commander'
import { topicPath } from '../../cluster/routing/topic-path.ts'
import { connectionOf, sdkOptions } from '../access/connection.ts'
import { adminClient } from '../admin/admin-client.ts'
import { parseCount, parsePartitions, parsePosition } from '../option-values.ts'
import type { TailFormat } from '../records/record-text.ts'
import { tailFormats } from '../records/record-text.ts'
import type { Terminal } from '../terminal.ts'
import type { CommandContext } from './context.ts'
import type { ClientOptions } from './shared-options.ts'
import { serverOption } from './shared-options.ts'

interface TailFlags extends ClientOptions {
  readonly from: string
  readonly count?: string
  readonly partition?: string
  readonly format?: TailFormat
}

/** `tailrace tail`. */
export function tailCommand({ terminal, run }: CommandContext): Command {
  return new Command('tail')
    .argument('<topic>')
    .option('--from <position>', 'earliest, latest, an offset, or a time like 2026-01-31T12:00:00Z', 'latest')
    .option('-n, --count <number>', 'end after this many records (default: at Ctrl-C)')
    .option('--partition <numbers>', 'these partitions only, separated by commas (default: all)')
    .addOption(
      new Option(
        '--format <format>',
        'text for people, json an object a line, value the bare values (default: text)',
      ).choices([...tailFormats]),
    )
    .addOption(new Option('--json', 'the same as --format json').conflicts('format'))
    .addOption(serverOption())
    .action((topic: string, flags: TailFlags) => run(() => tail(topic, flags, terminal)))
}

async function tail(topic: string, flags: TailFlags, terminal: Terminal): Promise<number> {
  const options = {
    topic,
    from: parsePosition(flags.from),
    partitions: flags.partition === undefined ? null : parsePartitions(flags.partition),
    count: flags.count === undefined ? null : parseCount('--count', flags.count, 0, Number.MAX_SAFE_INTEGER),
    format: flags.format ?? (flags.json === true ? 'json' : 'text'),
  } as const
  const connection = await connectionOf(flags, terminal)
  const [{ Consumer }, { tailRecords }, { nodeClock }] = await Promise.all([
    import('@tailrace/consumer'),
    import('../records/tail.ts'),
    import('../../platform/node/clock.ts'),
  ])
  // Asked first, because the consumer would wait for a broker, and says at once which address refuses or that there is
  // no such topic.
  await adminClient(async () => connection, terminal.interrupted).request('GET', topicPath(topic))
  const consumer = new Consumer(sdkOptions(connection))
  try {
    return await tailRecords(options, consumer, nodeClock, terminal)
  } finally {
    await consumer.close()
  }
}
