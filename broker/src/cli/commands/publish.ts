import { Command, Option } from 'commander'
import { topicPath } from '../../cluster/routing/topic-path.ts'
import type { Clock, TimerHandle } from '../../platform/clock.ts'
import { connectionOf, sdkOptions } from '../access/connection.ts'
import { adminClient } from '../admin/admin-client.ts'
import { UsageError } from '../command-failure.ts'
import { parseCount } from '../option-values.ts'
import type { LineFormat } from '../records/line-record.ts'
import type { PublishInput } from '../records/publish.ts'
import type { LineCondition } from '../records/publish-together.ts'
import type { Terminal } from '../terminal.ts'
import type { CommandContext } from './context.ts'
import type { ClientOptions } from './shared-options.ts'
import { jsonOption, repeated, serverOption } from './shared-options.ts'

interface PublishFlags extends ClientOptions {
  readonly file?: string
  readonly format?: 'json' | 'text'
  readonly keySeparator?: string
  readonly header: readonly string[]
  readonly keyField?: string
  readonly valueField?: string
  readonly partition?: string
  readonly expectedOffset?: string
  readonly fence?: string
  readonly compression: 'none' | 'gzip' | 'zstd'
}

/** `tailrace publish`. */
export function publishCommand({ terminal, run }: CommandContext): Command {
  return new Command('publish')
    .argument('<topic>')
    .option('-f, --file <path>', 'file of lines; "-" and the default are standard input')
    .addOption(
      new Option(
        '--format <format>',
        'json: lines are checked to be JSON; text: lines are taken as they are (default: json)',
      ).choices(['json', 'text']),
    )
    .addOption(
      new Option(
        '-K, --key-separator <text>',
        'lines are text, with the key before the first of these and the value behind it; "\\t" is a tab',
      ),
    )
    .option('--header <name=value>', 'a header of every record; may be given several times', repeated, [])
    .option('-k, --key-field <name>', "field of each line's object that is the key; it decides the partition")
    .option('--value-field <name>', "field of each line's object that is the value (default: the whole line)")
    .option('--partition <number>', 'send all to this partition')
    .option(
      '--expected-offset <offset>',
      'all lines as one batch, only if the partition ends exactly there; needs --partition',
    )
    .option(
      '--fence <token>',
      'all lines as one batch, only if the partition has accepted no higher fencing token; needs --partition',
    )
    .addOption(
      new Option('--compression <codec>', 'compression of batches').choices(['none', 'gzip', 'zstd']).default('none'),
    )
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((topic: string, flags: PublishFlags) => run(() => publish(topic, flags, terminal)))
}

async function publish(topic: string, flags: PublishFlags, terminal: Terminal): Promise<number> {
  const condition = conditionOf(flags)
  const [{ Producer }, { checkLineFormat, publishLines }, { nodeClock }] = await Promise.all([
    import('@tailrace/producer'),
    import('../records/publish.ts'),
    import('../../platform/node/clock.ts'),
  ])
  const options = {
    topic,
    ...lineForm(flags),
    headers: headersOf(flags.header),
    keyField: flags.keyField ?? null,
    valueField: flags.valueField ?? null,
    partition: partitionOf(flags),
    json: flags.json === true,
  }
  checkLineFormat(options)
  const input = await openInput(flags.file, terminal)
  // Asked first, because the producer would wait for a broker, and says at once which address refuses or that there is
  // no such topic.
  const connection = await connectionOf(flags, terminal)
  await adminClient(async () => connection, terminal.interrupted).request('GET', topicPath(topic))
  const givingUp = new AbortController()
  const { compression } = flags
  const producer = new Producer({ ...sdkOptions(connection), compression, batchBytes, signal: givingUp.signal })
  const grace = afterInterruption(terminal, nodeClock, () => givingUp.abort())
  try {
    if (condition !== null) {
      const { publishTogether } = await import('../records/publish-together.ts')
      return await publishTogether(input, { ...options, condition }, producer, terminal)
    }
    return await publishLines(input, options, producer, nodeClock, terminal)
  } finally {
    await producer.close()
    grace.cancel()
  }
}

/** @throws UsageError */
function lineForm({ format, keySeparator }: PublishFlags): Pick<LineFormat, 'format' | 'keySeparator'> {
  if (keySeparator === undefined) return { format: format ?? 'json' }
  if (keySeparator === '') throw new UsageError('--key-separator must have a character at least')
  if (format === 'json') throw new UsageError('--key-separator goes with lines of text, not with --format json')
  return { format: 'text', keySeparator: keySeparator.replaceAll('\\t', '\t') }
}

/** Undefined: there are none. A name that is given twice has the last value. @throws UsageError */
function headersOf(given: readonly string[]): Readonly<Record<string, string>> | undefined {
  if (given.length === 0) return undefined
  return Object.fromEntries(
    given.map((text) => {
      const at = text.indexOf('=')
      if (at < 1) throw new UsageError(`--header ${JSON.stringify(text)} must be like name=value`)
      return [text.slice(0, at), text.slice(at + 1)]
    }),
  )
}

function partitionOf({ partition }: PublishFlags): number | null {
  return partition === undefined ? null : parseCount('--partition', partition, 0, 1_000_000)
}

/** Null: there is none. @throws UsageError */
function conditionOf(flags: PublishFlags): LineCondition | null {
  const { expectedOffset, fence } = flags
  if (expectedOffset === undefined && fence === undefined) return null
  const partition = partitionOf(flags)
  if (partition === null)
    throw new UsageError('--expected-offset and --fence are about one partition: name it with --partition')
  const most = Number.MAX_SAFE_INTEGER
  return {
    partition,
    ...(expectedOffset !== undefined && { expectedOffset: parseCount('--expected-offset', expectedOffset, 0, most) }),
    ...(fence !== undefined && { fence: parseCount('--fence', fence, 0, most) }),
  }
}

/** Records in flight at Ctrl-C may still be acknowledged, for a limited time. */
function afterInterruption(terminal: Terminal, clock: Clock, call: () => void): TimerHandle {
  let timer: TimerHandle | null = null
  const start = () => {
    timer = clock.after(graceMs, call)
  }
  terminal.interrupted.addEventListener('abort', start, { once: true })
  return {
    cancel() {
      terminal.interrupted.removeEventListener('abort', start)
      timer?.cancel()
    },
  }
}

const graceMs = 3000
/** A file is there at once: large batches cost brokers least. */
const batchBytes = 512 * 1024

async function openInput(path: string | undefined, terminal: Terminal): Promise<PublishInput> {
  if (path === undefined || path === '-') return { chunks: terminal.input(), bytes: null }
  const { openInputFile } = await import('../../platform/node/input-file.ts')
  return openInputFile(path)
}
