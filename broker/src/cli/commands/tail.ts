import { Command, Option } from 'commander'
import { topicPath } from '../../cluster/routing/topic-path.ts'
import { connectionOf, sdkOptions } from '../access/connection.ts'
import { adminClient } from '../admin/admin-client.ts'
import { paintFor } from '../colours.ts'
import { UsageError } from '../command-failure.ts'
import { parseCount, parseEnd, parsePartitions, parsePosition } from '../option-values.ts'
import type { RecordFilter } from '../records/record-filter.ts'
import { recordText, type TailFormat, tailFormats } from '../records/record-text.ts'
import type { TailOptions, TailRange } from '../records/tail.ts'
import type { Terminal } from '../terminal.ts'
import type { CommandContext } from './context.ts'
import { type ClientOptions, repeated, serverOption } from './shared-options.ts'

interface TailFlags extends ClientOptions {
  readonly from?: string
  readonly last?: string
  readonly until?: string
  readonly count?: string
  readonly partition?: string
  readonly key: readonly string[]
  readonly header: readonly string[]
  readonly format?: TailFormat
  readonly template?: string
}

/** `tailrace tail`. */
export function tailCommand({ terminal, run }: CommandContext): Command {
  return new Command('tail')
    .argument('<topics...>')
    .option(
      '--from <position>',
      'earliest, latest, an offset, or a time like 2026-01-31T12:00:00Z (default: latest; with --until earliest)',
    )
    .addOption(
      new Option('--last <number>', 'begin with so many of the last records of each partition').conflicts('from'),
    )
    .option('--until <position>', 'end: end behind what there is now; an offset or a time: end before it')
    .option('-n, --count <number>', 'end after this many records (default: at Ctrl-C)')
    .option('--partition <numbers>', 'these partitions only, separated by commas (default: all)')
    .option('-k, --key <text>', 'records with this key only; may be given several times', repeated, [])
    .option(
      '--header <name=value>',
      'records with this header only, or with a header of this name; given several times, with all of them',
      repeated,
      [],
    )
    .addOption(
      new Option(
        '--format <format>',
        'text for people, json an object a line, value the bare values (default: text)',
      ).choices([...tailFormats]),
    )
    .addOption(new Option('--json', 'the same as --format json').conflicts('format'))
    .addOption(
      new Option(
        '--template <text>',
        "the form of each record, like '{partition}:{offset} {key} {value}\\n'; also {topic}, {timestamp}, {time}, {headers}, {header.NAME}, {key.length}, {value.length}",
      ).conflicts(['format', 'json']),
    )
    .addOption(serverOption())
    .action((topics: string[], flags: TailFlags) => run(() => tail(topics, flags, terminal)))
}

async function tail(topics: readonly string[], flags: TailFlags, terminal: Terminal): Promise<number> {
  const named = [...new Set(topics)]
  if (named.length > 1 && flags.partition !== undefined) {
    throw new UsageError('--partition is about one topic, and several are named')
  }
  const options: TailOptions = {
    topics: named,
    range: rangeOf(flags),
    count: flags.count === undefined ? null : parseCount('--count', flags.count, 0, Number.MAX_SAFE_INTEGER),
    ...(await filterOf(flags)),
    show: await formOf(flags, named.length > 1, terminal),
  }
  const connection = await connectionOf(flags, terminal)
  const [{ Consumer }, { tailRecords }, { nodeClock }] = await Promise.all([
    import('@tailrace/consumer'),
    import('../records/tail.ts'),
    import('../../platform/node/clock.ts'),
  ])
  // Asked first, because the consumer would wait for a broker, and says at once which address refuses or that there is
  // no such topic.
  const admin = adminClient(async () => connection, terminal.interrupted)
  for (const topic of named) await admin.request('GET', topicPath(topic))
  const consumer = new Consumer(sdkOptions(connection))
  try {
    return await tailRecords(options, consumer, nodeClock, terminal)
  } finally {
    await consumer.close()
  }
}

function rangeOf({ from, last, until, partition }: TailFlags): TailRange {
  const end = until === undefined ? undefined : parseEnd(until)
  return {
    ...(from !== undefined && { from: parsePosition(from) }),
    ...(last !== undefined && { last: parseCount('--last', last, 1, Number.MAX_SAFE_INTEGER) }),
    ...(end !== undefined && (end === 'end' ? { until: end } : { to: end })),
    ...(partition !== undefined && { partitions: parsePartitions(partition) }),
  }
}

async function filterOf({ key, header }: TailFlags): Promise<Pick<TailOptions, 'filter'>> {
  if (key.length === 0 && header.length === 0) return {}
  const { matchesFilter, wantedHeader } = await import('../records/record-filter.ts')
  const wanted: RecordFilter = { keys: key, headers: header.map(wantedHeader) }
  return { filter: (record) => matchesFilter(record, wanted) }
}

/** `several`: a record is shown with its topic. */
async function formOf(flags: TailFlags, several: boolean, terminal: Terminal): Promise<TailOptions['show']> {
  const { template } = flags
  if (template !== undefined) return (await import('../records/record-template.ts')).recordTemplate(template)
  const format = flags.format ?? (flags.json === true ? 'json' : 'text')
  const paint = paintFor(terminal, terminal.screen)
  return (record, topic) => recordText(record, format, several ? topic : null, paint)
}
