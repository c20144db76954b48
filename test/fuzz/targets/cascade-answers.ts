import { MemoryStore } from '../../../broker/src/log/testing/memory-store.ts'
import { MemoryDisk } from '../../../broker/src/platform/memory/disk.ts'
import { encodeHeader } from '../../../schemas/src/protocol.ts'
import { type Block, blocksOf, bytesOf } from '../blocks.ts'
import {
  CascadeBroker,
  checkView,
  honestAnswers,
  type Lie,
  type Question,
  questions,
  SELF,
} from '../live/cascade-broker.ts'
import { withoutLooseErrors } from '../loose-errors.ts'
import { oddJson } from '../odd-json.ts'
import { type FuzzTarget, text, type Verdict } from '../target.ts'

const MOST_ANSWERS = 12
const BEAT_MS = 1_000

/**
 * A block's kind says which question it answers, and how: with these bytes (JSON over HTTP, on the WebSocket the Avro
 * header behind the correlation), with this error, or honestly but for some parts.
 */
const manners = ['answer', 'changed', 'error', 'changed'] as const
const kindOf = (question: Question, manner: (typeof manners)[number]): number =>
  questions.length * manners.indexOf(manner) + questions.indexOf(question)
const messages = {
  beat: 'CascadeBeatReply',
  topics: 'CascadeTopicsReply',
  security: 'CascadeSecurityReply',
} as const

function answer(question: Question, changes: object = {}): Block {
  const fields = { ...(honestAnswers[question] as object), ...changes }
  const kind = kindOf(question, 'answer')
  if (!isOnWebSocket(question)) return { kind, bytes: text(JSON.stringify(fields)) }
  // A correlation below 64 takes one byte.
  return { kind, bytes: encodeHeader(messages[question], { correlation: 0, ...fields } as never, 0).slice(1) }
}

function isOnWebSocket(question: Question): question is keyof typeof messages {
  return Object.hasOwn(messages, question)
}

function refusal(question: Question, code: string): Block {
  return { kind: kindOf(question, 'error'), bytes: text(JSON.stringify({ code, message: `${code}.` })) }
}

function changed(question: Question, ...choices: number[]): Block {
  return { kind: kindOf(question, 'changed'), bytes: Uint8Array.from(choices) }
}

const moved = { assignments: [{ broker: SELF, source: 2, pin: 2 }] }
const sessions: readonly (readonly Block[])[] = [
  [changed('beat', 7, 3), changed('topics', 6, 9, 8, 2), changed('beat'), changed('topic', 9, 0)],
  [changed('beat'), changed('topic', 4, 1), changed('created', 1, 2), changed('status', 3, 4), changed('audit', 1, 0)],
  [changed('topics', 3, 10), answer('beat'), changed('topics', 4, 11), answer('topics', { total: 2 })],
  [answer('beat'), answer('topics'), answer('topic'), answer('created')],
  [changed('security', 9, 3, 20, 8), answer('beat'), answer('security', { quotaTotal: -1, quotas: [] })],
  [answer('security', { total: 9 }), refusal('security', 'NOT_READY'), changed('security', 40, 6), answer('security')],
  [
    answer('beat', { topicsVersion: 4, topics: 'none' }),
    answer('topics', { digest: 'none', total: 0, topics: [] }),
    answer('status'),
    answer('audit'),
  ],
  [answer('beat', moved), answer('topic', { id: 't2' }), answer('created', { id: 't2' }), answer('status')],
  [answer('beat', { level: 1, ancestors: [5, 1], caughtUp: false }), answer('beat', { ancestors: [7, 1] })],
  [
    refusal('beat', 'NOT_READY'),
    answer('beat'),
    refusal('beat', 'CASCADE_CYCLE'),
    answer('beat'),
    refusal('beat', 'UNSUPPORTED_MESSAGE'),
    refusal('topics', 'OVERLOADED'),
  ],
  [
    answer('beat'),
    refusal('topic', 'UNKNOWN_TOPIC'),
    refusal('created', 'TOPIC_EXISTS'),
    refusal('status', 'TIMED_OUT'),
  ],
]

function liesOf(input: Uint8Array): Lie[] {
  return blocksOf(input)
    .slice(0, MOST_ANSWERS)
    .map(({ kind, bytes }) => {
      const question = questions[kind % questions.length]!
      const manner = manners[Math.floor(kind / questions.length) % manners.length]!
      if (manner === 'changed') return { question, ok: true, text: oddJson(honestAnswers[question], bytes) }
      const said = new TextDecoder().decode(bytes)
      const isHeader = manner === 'answer' && isOnWebSocket(question)
      return { question, ok: manner !== 'error', text: said, ...(isHeader && { header: bytes }) }
    })
}

async function hear(input: Uint8Array): Promise<Verdict> {
  const lies = liesOf(input)
  const kept = { disk: new MemoryDisk(), store: new MemoryStore() }
  const broker = await CascadeBroker.open(kept, lies)
  broker.node.start()
  const beats = lies.filter(({ question }) => question === 'beat').length
  await broker.pass(BEAT_MS * (1 + beats))
  const verdict = broker.node.uplink.changes === 1 ? 'taken' : 'refused'
  await checkView(broker)
  await broker.close()
  if (broker.mistakes.length > 0) throw broker.mistakes[0]
  // It can start again with the state that it has stored.
  await (await CascadeBroker.open(kept)).close()
  return verdict
}

/** Answers of a source to a cascade broker, on the WebSocket and over HTTP. */
export const cascadeAnswers: FuzzTarget = {
  name: 'cascade-answer',
  samples: sessions.map(bytesOf),
  run: (input) => withoutLooseErrors(() => hear(input)),
}
