import type { Offset } from '@tailrace/schemas'
import { ExitCode, UsageError } from '../command-failure.ts'
import { plural } from '../quantity.ts'
import type { Terminal } from '../terminal.ts'
import { type LineFormat, recordOfLine } from './line-record.ts'
import { linesOf } from './lines.ts'
import { type PublishInput, type SentRecord, sentRecord } from './publish.ts'

/** A condition as the flags give it: one of the two at least. */
export interface LineCondition {
  readonly partition: number
  readonly expectedOffset?: number
  readonly fence?: number
}

/** The part of a producer that this needs; `Producer` of @tailrace/producer is one. */
export interface ConditionalSink {
  sendBatch(
    topic: string,
    records: readonly SentRecord[],
    condition: LineCondition,
  ): Promise<readonly { readonly offset: Offset }[]>
  fence(topic: string, partition: number, token: number): Promise<Offset>
}

export interface TogetherOptions extends LineFormat {
  readonly topic: string
  readonly condition: LineCondition
  /** Of every record; undefined: they have none. */
  readonly headers?: SentRecord['headers']
  readonly json: boolean
}

/** More than a batch may have. */
const mostBytes = 64 * 1024 * 1024

/**
 * Publishes all lines as one batch under a condition, or none of them; without a line it has the fence accepted.
 * @throws UsageError for a line that is no record, and for no line without a fence; what the sink throws
 */
export async function publishTogether(
  input: PublishInput,
  options: TogetherOptions,
  sink: ConditionalSink,
  terminal: Pick<Terminal, 'print'>,
): Promise<ExitCode> {
  const { topic, condition, json } = options
  const { partition, fence } = condition
  const records = await recordsOf(input, options)
  const offset = await placeOf(records, options, sink)
  const endOffset = offset + records.length
  const place = `${topic}/${partition}`
  const done =
    records.length === 0
      ? `${place} has accepted fence ${fence}`
      : `published ${plural(records.length, 'record')} to ${place} at ${offset}`
  terminal.print(
    json
      ? JSON.stringify({ topic, partition, records: records.length, offset, endOffset })
      : `${done}; it ends at ${endOffset}`,
  )
  return ExitCode.Done
}

/** The offset of the first record; without one, the end of the partition. */
async function placeOf(
  records: readonly SentRecord[],
  { topic, condition }: TogetherOptions,
  sink: ConditionalSink,
): Promise<Offset> {
  if (records.length > 0) return (await sink.sendBatch(topic, records, condition))[0]!.offset
  const { partition, expectedOffset, fence } = condition
  if (fence === undefined || expectedOffset !== undefined) {
    throw new UsageError('--expected-offset needs a line to publish')
  }
  return sink.fence(topic, partition, fence)
}

async function recordsOf(
  input: PublishInput,
  format: Pick<TogetherOptions, 'headers' | keyof LineFormat>,
): Promise<SentRecord[]> {
  const records: SentRecord[] = []
  let bytes = 0
  for await (const lines of linesOf(input.chunks, mostBytes)) {
    for (const line of lines) {
      bytes += line.bytes.length
      if (bytes > mostBytes)
        throw new UsageError(`lines under a condition are one batch, these have over ${mostBytes} bytes`)
      try {
        records.push(sentRecord(recordOfLine(line.bytes, format), { ...format, partition: null }))
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error
        throw new UsageError(`line ${line.number} ${error.message}; nothing was published`)
      }
    }
  }
  return records
}
