import type { Timestamp } from '@tailrace/schemas'
import type { AppendToStream, CreateStream, ForkPoint, StreamRefusal, StreamResult } from '../../api/streams-api.ts'
import type { ProducerRecord, StreamRecord } from './stream-record.ts'
import { essenceOf, factsOf } from './stream-record.ts'

/** The content type of a stream for which none is named. */
export const DEFAULT_TYPE = 'application/octet-stream'

type Refused = StreamResult & { readonly kind: 'refused' }
type Appended = StreamResult & { readonly kind: 'appended' }

/** `record` and `producer`: as they are afterwards. */
export interface TakenAppend {
  readonly result: Appended | Refused
  readonly record: StreamRecord
  readonly producer: ProducerRecord | null
}

/** A stream as it is asked for, before its first bytes. `id`: nobody has it yet. */
export function newStream(asked: CreateStream, id: string, now: Timestamp): StreamRecord {
  const { path, type, ttl, expiresAt, closed, fork, mark } = asked
  return {
    path,
    id,
    type: type === '' ? DEFAULT_TYPE : type,
    tail: 0,
    closed,
    ttl,
    expiresAt,
    touchedAt: now,
    due: -1,
    seq: null,
    closedBy: null,
    source: null,
    asked: { ttl, expiresAt, fork },
    mark,
    forks: 0,
    deleted: false,
  }
}

/** What a PUT is answered whose path has a stream: nothing has changed. */
export function createdBefore(record: StreamRecord, asked: CreateStream): StreamResult {
  const isRepeated = asked.mark !== '' && asked.mark === record.mark && !record.deleted
  if (isRepeated) return { kind: 'created', isNew: true, ...factsOf(record) }
  const type = asked.type === '' && asked.fork === null ? DEFAULT_TYPE : asked.type
  const isSame =
    !record.deleted &&
    (type === '' || essenceOf(type) === essenceOf(record.type)) &&
    asked.ttl === record.asked.ttl &&
    asked.expiresAt === record.asked.expiresAt &&
    asked.closed === record.closed &&
    isSameFork(asked.fork, record.asked.fork)
  return isSame ? { kind: 'created', isNew: false, ...factsOf(record) } : refused('exists', record)
}

/**
 * An append in the order of the log. The first rule that it breaks counts: closed, content type, producer, Stream-Seq.
 * `known`: of its producer; null: the stream has none of this id. `bytes`: of what is appended.
 */
export function append(
  record: StreamRecord,
  known: ProducerRecord | null,
  asked: AppendToStream,
  { bytes, now }: { readonly bytes: number; readonly now: Timestamp },
): TakenAppend {
  const { producer, close, seq } = asked
  const same = (result: Appended | Refused): TakenAppend => ({ result, record, producer: known })
  if (record.closed) return same(afterClosing(record, known, asked, bytes))
  if (bytes > 0 && essenceOf(asked.type) !== essenceOf(record.type)) return same(refused('type', record))
  if (producer !== null) {
    const fault = producerFault(known, producer)
    if (fault === 'duplicate') return same(appended(record, true, known!.seq))
    if (fault !== null) return same(refused(fault, record, known))
  }
  if (seq !== null && record.seq !== null && !isAbove(seq, record.seq)) return same(refused('sequence', record))
  const changed = {
    ...record,
    tail: record.tail + bytes,
    closed: close,
    touchedAt: now,
    seq: seq ?? record.seq,
    closedBy: close ? producer : null,
  }
  const next = producer === null ? known : { epoch: producer.epoch, seq: producer.seq }
  return { result: appended(changed, false, producer?.seq ?? -1), record: changed, producer: next }
}

/** Of a stream that is closed: what has closed it may come again. */
function afterClosing(
  record: StreamRecord,
  known: ProducerRecord | null,
  { producer, close }: AppendToStream,
  bytes: number,
): Appended | Refused {
  const { closedBy } = record
  if (producer === null) return close && bytes === 0 ? appended(record, true, -1) : refused('closed', record)
  if (known !== null && producer.epoch < known.epoch) return refused('fenced', record, known)
  const isRepeated = closedBy?.id === producer.id && closedBy.epoch === producer.epoch && closedBy.seq === producer.seq
  return isRepeated ? appended(record, true, producer.seq) : refused('closed', record)
}

function producerFault(
  known: ProducerRecord | null,
  { epoch, seq }: ProducerRecord,
): 'duplicate' | 'fenced' | 'gap' | 'epoch' | null {
  if (known === null) return seq === 0 ? null : 'gap'
  if (epoch < known.epoch) return 'fenced'
  if (epoch > known.epoch) return seq === 0 ? null : 'epoch'
  if (seq <= known.seq) return 'duplicate'
  return seq === known.seq + 1 ? null : 'gap'
}

function appended({ tail, closed }: StreamRecord, duplicate: boolean, lastSeq: number): Appended {
  return { kind: 'appended', tail, closed, duplicate, lastSeq }
}

/** `known`: of the producer that is refused. */
export function refused(reason: StreamRefusal, record: StreamRecord, known: ProducerRecord | null = null): Refused {
  const { tail, closed } = record
  const expected = reason === 'gap' ? (known?.seq ?? -1) + 1 : -1
  return { kind: 'refused', reason, tail, closed, epoch: known?.epoch ?? -1, expected }
}

/** In the order of the bytes in UTF-8, as the protocol wants it. */
function isAbove(next: string, last: string): boolean {
  return Buffer.compare(Buffer.from(next), Buffer.from(last)) > 0
}

function isSameFork(asked: ForkPoint | null, known: ForkPoint | null): boolean {
  if (asked === null || known === null) return asked === known
  return asked.source === known.source && asked.offset === known.offset && asked.sub === known.sub
}
