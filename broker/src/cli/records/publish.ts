import type { Clock } from '../../platform/clock.ts'
import { ExitCode, UsageError } from '../command-failure.ts'
import { drawnLine } from '../drawn-line.ts'
import { plural } from '../quantity.ts'
import type { Terminal } from '../terminal.ts'
import { InFlight, type SentLines } from './in-flight.ts'
import type { LineFormat, LineRecord } from './line-record.ts'
import { recordOfLine } from './line-record.ts'
import type { Line } from './lines.ts'
import { linesOf } from './lines.ts'
import type { ProgressFigures } from './progress.ts'
import { perSecond, progressLine, publishedText } from './progress.ts'

/** The part of a producer that publishing needs; `Producer` of @tailrace/producer is one. */
export interface RecordSink {
  sendBatch(topic: string, records: readonly SentRecord[]): Promise<unknown>
  flush(): Promise<void>
  close(): Promise<void>
}

export interface SentRecord {
  readonly key?: string | Uint8Array
  readonly value: string | Uint8Array | null
  readonly headers?: Readonly<Record<string, string>>
  readonly partition?: number
}

export interface PublishInput {
  readonly chunks: AsyncIterable<Uint8Array>
  /** Bytes in all, or null when it is not known. */
  readonly bytes: number | null
}

export interface PublishOptions extends LineFormat {
  readonly topic: string
  readonly partition: number | null
  /** Of every record; undefined: they have none. */
  readonly headers?: SentRecord['headers']
  readonly json: boolean
}

const maxInFlightRecords = 100_000
const maxInFlightBytes = 32 * 1024 * 1024
/** Of lines that are sent together, with one promise; a longer line goes alone, so that a refusal names it. */
const groupBytes = 256 * 1024
const groupLines = 5_000
const longestLine = 64 * 1024 * 1024
const brokenLinesShown = 10

/**
 * Publishes each line as a record. A line that is no record is reported with its number and left out; a record that the
 * broker refuses ends the command. Exit code 0 only if every line has been acknowledged.
 */
export async function publishLines(
  input: PublishInput,
  options: PublishOptions,
  sink: RecordSink,
  clock: Clock,
  terminal: Terminal,
): Promise<ExitCode> {
  const inFlight = new InFlight(maxInFlightRecords, maxInFlightBytes)
  const broken = new BrokenLines(terminal)
  const started = clock.monotonic()
  let read = 0
  const figures = (): ProgressFigures => ({
    records: inFlight.acknowledged,
    bytes: inFlight.acknowledgedBytes,
    seconds: (clock.monotonic() - started) / 1000,
    read,
    total: input.bytes,
  })
  const drawn = drawnLine(terminal, clock, () => progressLine(figures(), terminal.columns))
  const counted = count(input.chunks, (bytes) => (read += bytes))
  const isOver = (): boolean => terminal.interrupted.aborted || inFlight.failure !== null
  try {
    for await (const lines of linesOf(counted, longestLine)) {
      for (let from = 0; from < lines.length && !isOver(); ) {
        const group = groupFrom(lines, from, options, broken)
        from += group.lines
        if (group.records.length > 0) inFlight.add(sink.sendBatch(options.topic, group.records), group)
        if (inFlight.full) await inFlight.room()
      }
      if (isOver()) break
    }
    await Promise.all([sink.flush().catch(() => undefined), inFlight.settled()])
  } finally {
    drawn.end()
  }
  return conclude(figures(), broken.count, inFlight, options, terminal)
}

interface Group extends SentLines {
  /** Those that are no record among them. */
  readonly lines: number
  readonly records: readonly SentRecord[]
}

/** The records of the lines from there on that are sent together. */
function groupFrom(lines: readonly Line[], from: number, options: PublishOptions, broken: BrokenLines): Group {
  const records: SentRecord[] = []
  let [at, bytes, first, last] = [from, 0, 0, 0]
  for (; at < lines.length && at - from < groupLines; at++) {
    const line = lines[at]!
    if (records.length > 0 && bytes + line.bytes.length > groupBytes) break
    const record = recordFrom(line, options, broken)
    if (record === null) continue
    if (records.push(record) === 1) first = line.number
    last = line.number
    bytes += line.bytes.length
  }
  return { lines: at - from, records, count: records.length, bytes, first, last }
}

/** Null: the line is no record. */
function recordFrom(line: Line, options: PublishOptions, broken: BrokenLines): SentRecord | null {
  try {
    return sentRecord(recordOfLine(line.bytes, options), options)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    broken.add(line, error)
    return null
  }
}

export function sentRecord(
  { key, value }: LineRecord,
  { partition, headers }: Pick<PublishOptions, 'partition' | 'headers'>,
): SentRecord {
  const more = headers === undefined ? {} : { headers }
  if (partition === null) return key === null ? { value, ...more } : { value, key, ...more }
  return key === null ? { value, partition, ...more } : { value, key, partition, ...more }
}

/** Lines that are no records: the first few are reported one by one. */
class BrokenLines {
  count = 0
  readonly #terminal: Pick<Terminal, 'complain'>

  constructor(terminal: Pick<Terminal, 'complain'>) {
    this.#terminal = terminal
  }

  add({ number }: Line, { message }: Error): void {
    if (this.count < brokenLinesShown) this.#terminal.complain(`line ${number} ${message}`)
    if (this.count === brokenLinesShown) this.#terminal.complain('more broken lines follow, and are only counted')
    this.count++
  }
}

function conclude(
  figures: ProgressFigures,
  broken: number,
  inFlight: InFlight,
  options: PublishOptions,
  terminal: Terminal,
): ExitCode {
  if (options.json) {
    const { records, bytes, seconds } = figures
    terminal.print(
      JSON.stringify({
        topic: options.topic,
        records,
        bytes,
        seconds,
        recordsPerSecond: perSecond(figures),
        brokenLines: broken,
      }),
    )
  } else {
    terminal.print(publishedText(options.topic, figures))
  }
  const advice = options.format === 'json' ? '; "--format text" publishes lines as they are' : ''
  if (broken > 0) terminal.complain(`${plural(broken, 'broken line')} left out${advice}`)
  if (inFlight.failure !== null) {
    const { first, last, error } = inFlight.failure
    terminal.complain(
      first === last
        ? `stopped: line ${first} was not acknowledged`
        : `stopped: lines ${first} to ${last} were not all acknowledged`,
    )
    throw error
  }
  if (terminal.interrupted.aborted) return ExitCode.Interrupted
  return broken > 0 ? ExitCode.Failed : ExitCode.Done
}

async function* count(chunks: AsyncIterable<Uint8Array>, add: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    add(chunk.length)
    yield chunk
  }
}

/** Field options only make sense where lines have fields. */
export function checkLineFormat(format: LineFormat): void {
  if (format.format === 'text' && (format.keyField !== null || format.valueField !== null)) {
    throw new UsageError(
      '--key-field and --value-field need JSON lines; they go neither with --format text nor with --key-separator',
    )
  }
}
