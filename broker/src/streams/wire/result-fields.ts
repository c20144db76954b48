import type { StreamResultFields } from '@tailrace/schemas'
import type { StreamRequest, StreamResult, StreamResultOf } from '../../api/streams-api.ts'
import { streamRefusals } from '../../api/streams-api.ts'
import { isShort } from './request-checks.ts'
import { isSubscriptionAnswer } from './subscription-checks.ts'

type Field = Exclude<keyof StreamResultFields, 'kind'>

const facts = ['id', 'type', 'tail', 'closed', 'ttl', 'expiresAt'] as const
/** What each kind of result has. */
const fieldsOf: Readonly<Record<StreamResult['kind'], readonly Field[]>> = {
  described: facts,
  created: [...facts, 'isNew'],
  appended: ['tail', 'closed', 'duplicate', 'lastSeq'],
  refused: ['reason', 'tail', 'closed', 'epoch', 'expected'],
  found: [...facts, 'offset', 'next'],
  waited: [],
  deleted: [],
  lent: ['id', 'type', 'offset', 'ttl', 'expiresAt'],
  'given-back': [],
  placed: ['offset'],
  known: ['exists'],
  subscription: ['answer'],
}
const nothing: Omit<StreamResultFields, 'kind'> = {
  id: '',
  type: '',
  tail: 0,
  closed: false,
  ttl: -1,
  expiresAt: -1,
  offset: 0,
  next: 0,
  isNew: false,
  duplicate: false,
  exists: false,
  lastSeq: -1,
  reason: '',
  epoch: -1,
  expected: -1,
  answer: '',
}

export function streamResultFields(result: StreamResult): StreamResultFields {
  if (result.kind === 'subscription') return { ...nothing, ...result, answer: JSON.stringify(result.answer) }
  return { ...nothing, ...result }
}

/** Of fields that are a result: see `isStreamResult`. */
export function streamResultOf<Request extends StreamRequest>(
  _asked: Request,
  fields: StreamResultFields,
): StreamResultOf<Request> {
  const kind = fields.kind as StreamResult['kind']
  if (kind === 'subscription') return { kind, answer: answerOf(fields.answer) } as unknown as StreamResultOf<Request>
  const own = fieldsOf[kind].map((name) => [name, fields[name]])
  return { kind, ...Object.fromEntries(own) } as unknown as StreamResultOf<Request>
}

/** Whether what another broker has answered makes sense. */
export function isStreamResult(fields: StreamResultFields): boolean {
  const { kind, id, type, tail, ttl, expiresAt, offset, next, lastSeq, reason, epoch, expected } = fields
  const isReason = (streamRefusals as readonly string[]).includes(reason)
  const isTold = kind === 'refused' ? isReason : reason === ''
  const areWhole = [tail, offset, next].every((number) => isFrom(number, 0))
  const areOrNone = [ttl, expiresAt, lastSeq, epoch, expected].every((number) => isFrom(number, -1))
  const isAnswered = kind === 'subscription' ? isSubscriptionAnswer(answerOf(fields.answer)) : fields.answer === ''
  return Object.hasOwn(fieldsOf, kind) && isAnswered && isTold && areWhole && areOrNone && isShort(id) && isShort(type)
}

function answerOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function isFrom(value: number, least: number): boolean {
  return Number.isSafeInteger(value) && value >= least
}
