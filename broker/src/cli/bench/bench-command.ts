import { Command, Option } from 'commander'
import { topicPath } from '../../cluster/routing/topic-path.ts'
import { type Connection, connectionOf, sdkOptions } from '../access/connection.ts'
import { adminClient } from '../admin/admin-client.ts'
import { ExitCode, UsageError } from '../command-failure.ts'
import type { CommandContext } from '../commands/context.ts'
import type { ClientOptions } from '../commands/shared-options.ts'
import { jsonOption, serverOption } from '../commands/shared-options.ts'
import { parseCount } from '../option-values.ts'
import type { Terminal } from '../terminal.ts'
import type { BenchOptions, BenchResult } from './run-bench.ts'

interface BenchFlags extends ClientOptions {
  readonly topic?: string
  readonly partitions: string
  readonly replicas?: string
  readonly seconds: string
  readonly size: string
  readonly rate: string
  readonly keys: string
  readonly compression: 'none' | 'gzip' | 'zstd'
  readonly read: boolean
}

/** `tailrace bench`. */
export function benchCommand({ terminal, run }: CommandContext): Command {
  return new Command('bench')
    .option('--topic <name>', 'publish to this topic, whose records stay (default: one of its own, deleted at the end)')
    .option('-p, --partitions <count>', 'of its own topic', '3')
    .option('-r, --replicas <count>', 'of its own topic (default: 3, or all brokers where there are fewer)')
    .option('--seconds <number>', 'how long to publish', '10')
    .option('--size <bytes>', 'of a value', '100')
    .option('--rate <records>', 'records a second; 0: as fast as they are acknowledged, which shows throughput', '0')
    .option('--keys <number>', 'different keys; 0: records have none', '0')
    .addOption(
      new Option('--compression <codec>', 'compression of batches').choices(['none', 'gzip', 'zstd']).default('none'),
    )
    .option('--no-read', 'publish only: no reader follows')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((flags: BenchFlags) => run(() => bench(flags, terminal)))
}

async function bench(flags: BenchFlags, terminal: Terminal): Promise<number> {
  const load = {
    seconds: parseCount('--seconds', flags.seconds, 1, 86_400),
    size: parseCount('--size', flags.size, 16, 1_000_000),
    rate: parseCount('--rate', flags.rate, 0, 10_000_000),
    keys: parseCount('--keys', flags.keys, 0, 1_000_000),
    reads: flags.read,
    readsBack: flags.read && flags.topic === undefined,
  }
  const partitions = parseCount('--partitions', flags.partitions, 1, 10_000)
  const given = flags.replicas === undefined ? null : parseCount('--replicas', flags.replicas, 1, 1000)
  const connection = await connectionOf(flags, terminal)
  const admin = adminClient(async () => connection, terminal.interrupted)
  if (flags.topic !== undefined) {
    if (flags.topic.startsWith('__')) throw new UsageError(`${flags.topic} is a topic of the brokers themselves`)
    await admin.request('GET', topicPath(flags.topic))
    return measure({ ...load, topic: flags.topic }, flags, connection, terminal)
  }
  const [{ nodeRandom }, { usualReplicas }] = await Promise.all([
    import('../../platform/node/random.ts'),
    import('../admin/topic-commands.ts'),
  ])
  const replicas = given ?? (await usualReplicas(admin))
  const topic = `bench-${nodeRandom.uuid()}`
  const { id } = (await admin.request('POST', '/topics', { name: topic, partitions, replicas })) as { id: string }
  try {
    return await measure({ ...load, topic }, flags, connection, terminal)
  } finally {
    // Also behind Ctrl-C.
    const deleting = adminClient(async () => connection, new AbortController().signal)
    await deleting.request('DELETE', topicPath(topic, '', id))
  }
}

async function measure(
  options: BenchOptions,
  { compression, json }: BenchFlags,
  connection: Connection,
  terminal: Terminal,
): Promise<ExitCode> {
  const [{ Producer }, { Consumer }, { runBench }, { nodeClock }, { nodeRandom }] = await Promise.all([
    import('@tailrace/producer'),
    import('@tailrace/consumer'),
    import('./run-bench.ts'),
    import('../../platform/node/clock.ts'),
    import('../../platform/node/random.ts'),
  ])
  const sdk = sdkOptions(connection)
  // A load with a rate is about latency: its records wait for no others.
  const producer = new Producer({ ...sdk, compression, ...(options.rate > 0 && { lingerMs: 0 }) })
  const consumer = new Consumer(sdk)
  let result: BenchResult
  try {
    const machine = { clock: nodeClock, random: nodeRandom }
    result = await runBench(options, producer, consumer, machine, terminal.interrupted)
  } finally {
    await Promise.all([producer.close(), consumer.close()])
  }
  if (json === true) terminal.print(JSON.stringify(result))
  else terminal.print((await import('./bench-text.ts')).benchText(result, terminal.width))
  const missing = result.follow?.missing ?? 0
  if (terminal.interrupted.aborted) return ExitCode.Interrupted
  if (missing === 0) return ExitCode.Done
  terminal.complain(`${missing} records were acknowledged and not read within 10 s`)
  return ExitCode.Failed
}
