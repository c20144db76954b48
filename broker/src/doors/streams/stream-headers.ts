import type { IncomingHttpHeaders } from 'node:http'
import { type ErrorCode, TailraceError } from '@tailrace/schemas'
import type {
  AppendToStream,
  CreateStream,
  ForkPoint,
  Lifetime,
  StreamFacts,
  StreamProducer,
  StreamRefusal,
  StreamResult,
} from '../../api/streams-api.ts'
import { isName, isShort, LAST_TIME, LONGEST_TTL } from '../../streams/wire/request-checks.ts'
import { offsetFrom, offsetText } from '../../streams/wire/stream-offset.ts'
import { sourceOf } from './stream-path.ts'

const whole = /^(0|[1-9]\d*)$/
/** RFC 3339. */
const moment = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/

/** What a PUT asks for. @throws TailraceError INVALID_REQUEST */
export function createFrom(path: string, headers: IncomingHttpHeaders): CreateStream {
  const fork = forkFrom(headers)
  const type = typeOf(headers)
  return { kind: 'create', path, type, ...lifetimeFrom(headers), closed: isClosing(headers), fork, mark: '' }
}

/** What a POST asks for. @throws TailraceError INVALID_REQUEST */
export function appendFrom(path: string, headers: IncomingHttpHeaders): AppendToStream {
  const seq = one(headers, 'stream-seq')
  if (seq !== null && !isShort(seq)) throw wrong('Stream-Seq', 'a short text')
  const producer = producerFrom(headers)
  return { kind: 'append', path, type: typeOf(headers), close: isClosing(headers), seq, producer }
}

/** Empty: not named. @throws TailraceError INVALID_REQUEST */
function typeOf(headers: IncomingHttpHeaders): string {
  const type = headers['content-type'] ?? ''
  if (!isShort(type)) throw wrong('Content-Type', 'a content type')
  return type
}

function isClosing(headers: IncomingHttpHeaders): boolean {
  return one(headers, 'stream-closed')?.toLowerCase() === 'true'
}

function lifetimeFrom(headers: IncomingHttpHeaders): Lifetime {
  const [ttl, expiresAt] = [one(headers, 'stream-ttl'), one(headers, 'stream-expires-at')]
  if (ttl !== null && expiresAt !== null) {
    throw new TailraceError('INVALID_REQUEST', 'A stream has Stream-TTL or Stream-Expires-At, not both.')
  }
  return {
    ttl: ttl === null ? -1 : wholeFrom(ttl, 'Stream-TTL', LONGEST_TTL),
    expiresAt: expiresAt === null ? -1 : timeFrom(expiresAt),
  }
}

function timeFrom(text: string): number {
  const time = moment.test(text) ? Date.parse(text) : Number.NaN
  if (time >= 0 && time <= LAST_TIME) return time
  throw wrong('Stream-Expires-At', 'a time such as 2026-03-01T12:00:00Z')
}

function forkFrom(headers: IncomingHttpHeaders): ForkPoint | null {
  const source = one(headers, 'stream-forked-from')
  const [offset, sub] = [one(headers, 'stream-fork-offset'), one(headers, 'stream-fork-sub-offset')]
  if (source !== null) {
    return {
      source: sourceOf(source),
      offset: offset === null ? -1 : offsetFrom(offset, 'Stream-Fork-Offset'),
      sub: sub === null ? 0 : wholeFrom(sub, 'Stream-Fork-Sub-Offset'),
    }
  }
  if (offset === null && sub === null) return null
  throw new TailraceError('INVALID_REQUEST', 'A fork names its source in Stream-Forked-From.')
}

function producerFrom(headers: IncomingHttpHeaders): StreamProducer | null {
  const [id, epoch, seq] = ['producer-id', 'producer-epoch', 'producer-seq'].map((name) => one(headers, name))
  if (id == null && epoch == null && seq == null) return null
  if (id == null || epoch == null || seq == null) {
    throw new TailraceError('INVALID_REQUEST', 'Producer-Id, Producer-Epoch and Producer-Seq come together.')
  }
  if (!isName(id)) throw wrong('Producer-Id', 'a text of 1 to 255 characters')
  return { id, epoch: wholeFrom(epoch, 'Producer-Epoch'), seq: wholeFrom(seq, 'Producer-Seq') }
}

function wholeFrom(text: string, name: string, most: number = Number.MAX_SAFE_INTEGER): number {
  const number = whole.test(text) ? Number(text) : Number.NaN
  if (number <= most) return number
  throw wrong(name, `a whole number from 0 to ${most}, without a sign or leading zeros`)
}

/** Null: it is not there. */
function one(headers: IncomingHttpHeaders, name: string): string | null {
  const value = headers[name]
  return (Array.isArray(value) ? value[0] : value) ?? null
}

function wrong(name: string, wanted: string): TailraceError {
  return new TailraceError('INVALID_REQUEST', `${name} must be ${wanted}.`)
}

/** Of an answer that shows a stream. */
export function factHeaders({ type, tail, closed, ttl, expiresAt }: StreamFacts): Record<string, string> {
  return {
    'content-type': type,
    ...tailHeaders(tail, closed),
    ...(ttl >= 0 && { 'stream-ttl': String(ttl) }),
    ...(expiresAt >= 0 && { 'stream-expires-at': new Date(expiresAt).toISOString() }),
  }
}

export function tailHeaders(tail: number, closed: boolean): Record<string, string> {
  return { 'stream-next-offset': offsetText(tail), ...(closed && { 'stream-closed': 'true' }) }
}

type Refused = StreamResult & { readonly kind: 'refused' }

const codes: Readonly<Record<StreamRefusal, ErrorCode>> = {
  exists: 'STREAM_EXISTS',
  'source-deleted': 'STREAM_SOURCE_DELETED',
  closed: 'STREAM_CLOSED',
  type: 'STREAM_TYPE_MISMATCH',
  sequence: 'STREAM_SEQUENCE_REPEATED',
  fenced: 'STREAM_PRODUCER_FENCED',
  gap: 'STREAM_PRODUCER_GAP',
  epoch: 'INVALID_REQUEST',
}

export function refusalError({ reason }: Refused): TailraceError {
  return reason === 'epoch'
    ? new TailraceError('INVALID_REQUEST', 'A new Producer-Epoch begins with Producer-Seq 0.')
    : new TailraceError(codes[reason])
}

/** What a client needs to go on. `asked`: of the refused append. */
export function refusalHeaders(
  { reason, tail, closed, epoch, expected }: Refused,
  asked: StreamProducer | null,
): Record<string, string> {
  return {
    ...(closed && tailHeaders(tail, true)),
    ...(reason === 'fenced' && { 'producer-epoch': String(epoch) }),
    ...(reason === 'gap' && {
      'producer-expected-seq': String(expected),
      'producer-received-seq': String(asked?.seq ?? 0),
    }),
  }
}
