import type { Clock } from '../../platform/clock.ts'
import { ExitCode, UsageError } from '../command-failure.ts'
import { drawnLine } from '../drawn-line.ts'
import { plural } from '../quantity.ts'
import type { Terminal } from '../terminal.ts'
import { InFlight } from './in-flight.ts'
import type { LineFormat } from './line-record.ts'
import { recordOfLine } from './line-record.ts'
import type { Line } from './lines.ts'
import { linesOf } from './lines.ts'
import type { ProgressFigures } from './progress.ts'
import { perSecond, progressLine, publishedText } from './progress.ts'

/** The part of a producer that publishing needs; `Producer` of @tailrace/producer is one. */
export interface RecordSink {
  send(topic: string, record: { key?: string; value: string | Uint8Array | null; partition?: number }): Promise<unknown>
  flush(): Promise<void>
  close(): Promise<void>
}

export interface PublishInput {
  readonly chunks: AsyncIterable<Uint8Array>
  /** Bytes in all, or null when it is not known. */
  readonly bytes: number | null
}

export interface PublishOptions extends LineFormat {
  readonly topic: string
  readonly partition: number | null
  readonly json: boolean
}

const maxInFlightRecords = 20_000
const maxInFlightBytes = 32 * 1024 * 1024
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
  const started = clock.monotonic()
  let read = 0
  let broken = 0
  const figures = (): ProgressFigures => ({
    records: inFlight.acknowledged,
    bytes: inFlight.acknowledgedBytes,
    seconds: (clock.monotonic() - started) / 1000,
    read,
    total: input.bytes,
  })
  const drawn = drawnLine(terminal, clock, () => progressLine(figures(), terminal.columns))
  const counted = count(input.chunks, (bytes) => (read += bytes))
  try {
    for await (const lines of linesOf(counted, longestLine)) {
      for (const line of lines) {
        if (terminal.interrupted.aborted || inFlight.failure !== null) break
        if (!sendLine(line, options, sink, inFlight, terminal, broken)) broken++
        if (inFlight.full) await inFlight.room()
      }
      if (terminal.interrupted.aborted || inFlight.failure !== null) break
    }
    await Promise.all([sink.flush().catch(() => undefined), inFlight.settled()])
  } finally {
    drawn.end()
  }
  return conclude(figures(), broken, inFlight, options, terminal)
}

/** False if the line is no record; the first few are reported one by one. */
function sendLine(
  line: Line,
  options: PublishOptions,
  sink: RecordSink,
  inFlight: InFlight,
  terminal: Terminal,
  brokenBefore: number,
): boolean {
  try {
    const { key, value } = recordOfLine(line.bytes, options)
    const record = {
      value,
      ...(key === null ? {} : { key }),
      ...(options.partition === null ? {} : { partition: options.partition }),
    }
    inFlight.add(sink.send(options.topic, record), line.number, line.bytes.length)
    return true
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    if (brokenBefore < brokenLinesShown) terminal.complain(`line ${line.number} ${error.message}`)
    if (brokenBefore === brokenLinesShown) terminal.complain('more broken lines follow, and are only counted')
    return false
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
  if (broken > 0)
    terminal.complain(`${plural(broken, 'broken line')} left out; "--format text" publishes lines as they are`)
  if (inFlight.failure !== null) {
    terminal.complain(`stopped: line ${inFlight.failure.line} was not acknowledged`)
    throw inFlight.failure.error
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
    throw new UsageError('--key-field and --value-field need JSON lines; they do not go with --format text')
  }
}
