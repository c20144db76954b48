import { TailraceError } from '@tailrace/schemas'
import type {
  AppendToStream,
  CreateStream,
  DeleteStream,
  GiveStreamBack,
  LendStream,
  StreamResult,
} from '../../api/streams-api.ts'
import type { StreamNews } from '../../api/subscriptions-api.ts'
import { messagesOf } from '../state/json-messages.ts'
import { endOf } from '../state/lifetime.ts'
import { storedKeys } from '../state/stored-keys.ts'
import type { StreamRecord } from '../state/stream-record.ts'
import { essenceOf, factsOf, isForkRecord, isJson, isProducerRecord } from '../state/stream-record.ts'
import { append, createdBefore, newStream, refused } from '../state/stream-rules.ts'
import { newsOf } from '../subscriptions/watches.ts'
import type { Draft } from './draft.ts'

/** What a fork has got from its source. */
export type Loan = StreamResult & { readonly kind: 'lent' }

/** `id`: of the stream, if it is created. */
interface Creation {
  readonly asked: CreateStream
  readonly body: Uint8Array
  readonly id: string
  readonly loan: Loan | null
}

/** A stream is looked at because its time has come, or to write its last read down. */
export interface LookAtStream {
  readonly kind: 'look'
  readonly path: string
}

/** Subscriptions know of the stream what `news` says. */
export interface ToldOfStream {
  readonly kind: 'told'
  readonly path: string
}

/** `at`: where the fork begins, as it was found. */
export type StreamChangeRequest =
  | Creation
  | { readonly asked: AppendToStream; readonly body: Uint8Array }
  | { readonly asked: LendStream; readonly at: number }
  | { readonly asked: ToldOfStream; readonly news: StreamNews }
  | { readonly asked: DeleteStream | GiveStreamBack | LookAtStream }

export interface Moment {
  readonly now: number
  /** The last read. */
  readonly readAt: number
}

/**
 * Carries one request out on a draft.
 * @throws TailraceError UNKNOWN_STREAM, STREAM_DELETED, INVALID_REQUEST: the draft is as before
 */
export async function carryOut(draft: Draft, change: StreamChangeRequest, moment: Moment): Promise<StreamResult> {
  if ('news' in change) return told(draft, change.news)
  expire(draft, moment)
  if ('loan' in change) return create(draft, change, moment)
  if ('at' in change) return lend(draft, change, moment)
  if ('body' in change) return appendTo(draft, change, moment)
  const { asked } = change
  if (asked.kind === 'give-back') return giveBack(draft, asked, moment)
  if (asked.kind === 'look') return look(draft, moment)
  present(draft.record, asked.path)
  remove(draft, moment)
  return { kind: 'deleted' }
}

/** @throws TailraceError UNKNOWN_STREAM, STREAM_DELETED */
export function present(record: StreamRecord | null, path: string): StreamRecord {
  const name = JSON.stringify(path.slice(0, 200))
  if (record === null) throw new TailraceError('UNKNOWN_STREAM', `${name}.`)
  if (record.deleted) throw new TailraceError('STREAM_DELETED', `${name}.`)
  return record
}

function create(draft: Draft, { asked, body, id, loan }: Creation, moment: Moment): StreamResult {
  if (draft.record !== null) return createdBefore(draft.record, asked)
  const blank = newStream(asked, id, moment.now)
  const record = loan === null ? blank : { ...blank, ...inherited(asked, loan) }
  const bytes = asked.type === '' && body.length > 0 && isJson(record.type) ? messagesOf(body) : body
  const tail = record.tail + bytes.length
  if (bytes.length > 0) draft.putBytes(storedKeys.data(id, tail), bytes)
  draft.keep({ ...record, tail }, { ...moment, readAt: 0 })
  return { kind: 'created', isNew: true, ...factsOf(draft.record!) }
}

/** A fork without a lifetime of its own has that of its source. */
function inherited(asked: CreateStream, { id, type, offset, ttl, expiresAt }: Loan): Partial<StreamRecord> {
  const isOwn = asked.ttl >= 0 || asked.expiresAt >= 0
  const source = { path: asked.fork!.source, id, at: offset }
  return { type, tail: offset, source, ...(!isOwn && { ttl, expiresAt }) }
}

async function appendTo(
  draft: Draft,
  { asked, body }: { readonly asked: AppendToStream; readonly body: Uint8Array },
  moment: Moment,
): Promise<StreamResult> {
  const record = present(draft.record, asked.path)
  const key = asked.producer === null ? '' : storedKeys.producer(record.id, asked.producer.id)
  const known = key === '' ? null : await draft.value(key, isProducerRecord)
  const taken = append(record, known, asked, { bytes: body.length, now: moment.now })
  if (taken.record === record) return taken.result
  if (body.length > 0) draft.putBytes(storedKeys.data(record.id, taken.record.tail), body)
  if (key !== '') draft.put(key, taken.producer)
  draft.keep(taken.record, moment)
  return taken.result
}

async function lend(
  draft: Draft,
  { asked, at }: { readonly asked: LendStream; readonly at: number },
  moment: Moment,
): Promise<StreamResult> {
  if (draft.record?.deleted) return refused('source-deleted', draft.record)
  const record = present(draft.record, asked.path)
  if (asked.type !== '' && essenceOf(asked.type) !== essenceOf(record.type)) return refused('type', record)
  if (at > record.tail) throw new TailraceError('INVALID_REQUEST', 'The source of the fork ends before its offset.')
  const { borrower, borrowerId } = asked
  const key = storedKeys.fork(record.id, borrower, borrowerId)
  const known = await draft.value(key, isForkRecord)
  draft.put(key, { path: borrower, id: borrowerId, at: moment.now })
  draft.keep({ ...record, forks: record.forks + (known === null ? 1 : 0) }, moment)
  const { id, type, ttl, expiresAt } = record
  return { kind: 'lent', id, type, offset: at, ttl, expiresAt }
}

async function giveBack(draft: Draft, asked: GiveStreamBack, moment: Moment): Promise<StreamResult> {
  const { record } = draft
  if (record === null || record.id !== asked.id) return { kind: 'given-back' }
  const key = storedKeys.fork(record.id, asked.borrower, asked.borrowerId)
  if ((await draft.value(key, isForkRecord)) === null) return { kind: 'given-back' }
  const forks = record.forks - 1
  if (record.deleted && forks === 0) draft.drop()
  else {
    draft.put(key, null)
    draft.keep({ ...record, forks }, moment)
  }
  return { kind: 'given-back' }
}

/** The last read is written down, so that the next leader counts from it. */
function look(draft: Draft, moment: Moment): StreamResult {
  const { record } = draft
  if (record !== null) {
    const touchedAt = record.ttl < 0 ? record.touchedAt : Math.max(record.touchedAt, moment.readAt)
    draft.keep({ ...record, touchedAt }, moment)
  }
  return { kind: 'waited' }
}

function expire(draft: Draft, moment: Moment): void {
  const { record } = draft
  if (record === null || record.deleted) return
  const end = endOf(record, moment.readAt)
  if (end !== null && end <= moment.now) remove(draft, moment)
}

/** The mark goes, unless there is more by now. */
function told(draft: Draft, news: StreamNews): StreamResult {
  const { id, tail } = newsOf(news.stream, draft.record)
  if (id === news.id && tail === news.tail) draft.putBytes(storedKeys.newsOf(news.stream), null)
  return { kind: 'waited' }
}

/** Whether forks read on decides what is left. */
function remove(draft: Draft, moment: Moment): void {
  const record = draft.record!
  if (record.forks === 0) draft.drop()
  else draft.keep({ ...record, deleted: true }, moment)
}
