import { Buffer } from 'node:buffer'
import { Readable } from 'node:stream'
import { type Offset, TailraceError } from '@tailrace/schemas'
import type { BrokerApi, ReadRequest } from '../../api/broker-api.ts'
import type { FetchResult } from '../../partition/requests.ts'
import type { Clock } from '../../platform/clock.ts'
import { pause } from '../../platform/timing/pause.ts'
import { readRun } from '../json/read-records.ts'
import type { ReadBudget } from '../limits/read-budget.ts'
import type { RequestContext } from '../limits/request-context.ts'

/** Keys and values of one piece of an answer, but for a last batch that is larger. */
const pieceBytes = 256 * 1024
/** What one answer holds at a time: a piece that waits for the client, the next one, and their batches. */
export const heldByLines = 4 * pieceBytes

/** Where the last line of an answer is, and whose records they are. */
export const endOffsetHeader = 'tailrace-end-offset'
export const topicIdHeader = 'tailrace-topic-id'

export interface LinesAsked {
  readonly topic: string
  readonly partition: number
  /** Its `offset` is the first that is wanted. */
  readonly request: ReadRequest
  /** Behind the last that is wanted; undefined: the end of the partition as it is now. */
  readonly end: Offset | undefined
}

export interface LinesParts {
  readonly context: RequestContext
  readonly reads: ReadBudget
  readonly clock: Clock
}

export interface RecordLines {
  readonly end: Offset
  readonly highWatermark: Offset
  /** A line of JSON for each record up to `end`; nothing is read faster than it is taken. */
  readonly lines: Readable
}

/**
 * The records of a partition as lines. Rejects as BrokerApi.fetch does, before anything is read; the stream fails so
 * later.
 */
export async function recordLines(asked: LinesAsked, parts: LinesParts): Promise<RecordLines> {
  const first = await fetchPiece(asked, asked.request.offset, parts)
  const { highWatermark } = first
  const end = Math.min(asked.end ?? highWatermark, highWatermark)
  // Fails here where the first record cannot be shown.
  const begun = pieceOf(first, asked.request.offset, end)
  const pieces = piecesOf(asked, begun, end, parts)
  return { end, highWatermark, lines: Readable.from(pieces, { objectMode: true, highWaterMark: 1 }) }
}

interface Piece {
  readonly text: string
  readonly nextOffset: Offset
}

async function* piecesOf(asked: LinesAsked, begun: Piece, end: Offset, parts: LinesParts): AsyncGenerator<Buffer> {
  const { quotas } = parts.context.sender
  let piece = begun
  for (;;) {
    if (piece.text !== '') yield Buffer.from(piece.text)
    const { nextOffset } = piece
    if (nextOffset >= end) return
    for (let ms = quotas.postpone('fetchBytesPerSecond'); ms > 0; ms = quotas.postpone('fetchBytesPerSecond'))
      await pause(parts.clock, ms)
    piece = pieceOf(await fetchPiece(asked, nextOffset, parts), nextOffset, end)
    if (piece.nextOffset <= nextOffset) throw new TailraceError('LEADER_UNAVAILABLE', `Nothing came at ${nextOffset}.`)
  }
}

async function fetchPiece(asked: LinesAsked, offset: Offset, parts: LinesParts): Promise<FetchResult> {
  const { topic, partition, request } = asked
  const { rights, metrics, sender } = parts.context
  const api: Pick<BrokerApi, 'fetch'> = rights.api
  const maxBytes = parts.reads.take(pieceBytes)
  try {
    const found = await api.fetch(topic, partition, { ...request, offset, maxBytes, waitMs: 0 })
    metrics.fetched(found)
    sender.quotas.spend('fetchBytesPerSecond', found.bytes)
    return found
  } finally {
    parts.reads.release(maxBytes)
  }
}

function pieceOf(found: FetchResult, offset: Offset, end: Offset): Piece {
  const { records, nextOffset } = readRun(found, offset, pieceBytes, end)
  let text = ''
  for (const record of records) text += `${JSON.stringify(record)}\n`
  return { text, nextOffset }
}
