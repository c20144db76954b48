import { openMemoryStore } from '../../../broker/src/log/store/memory-store.ts'
import { MemoryDisk } from '../../../broker/src/platform/testing/disk.ts'
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

/** A block's kind says which question it answers, and how: with this JSON, with this error, or honestly but for some parts. */
const manners = ['answer', 'changed', 'error', 'changed'] as const
const kindOf = (question: Question, manner: (typeof manners)[number]): number =>
  questions.length * manners.indexOf(manner) + questions.indexOf(question)

function answer(question: Question, changes: object = {}): Block {
  const honest = honestAnswers[question] as object
  return { kind: kindOf(question, 'answer'), bytes: text(JSON.stringify({ ...honest, ...changes })) }
}

function refusal(question: Question, code: string): Block {
  return { kind: kindOf(question, 'error'), bytes: text(JSON.stringify({ code, message: `${code}.` })) }
}

function changed(question: Question, ...choices: number[]): Block {
  return { kind: kindOf(question, 'changed'), bytes: Uint8Array.from(choices) }
}

const moved = { assignments: [{ broker: SELF, source: 2, pin: 2 }] }
const sessions: readonly (readonly Block[])[] = [
  [changed('beat', 7, 3), changed('beat', 12, 9, 15, 2), changed('beat'), changed('topic', 9, 0)],
  [changed('beat'), changed('topic', 4, 1), changed('created', 1, 2), changed('status', 3, 4), changed('audit', 1, 0)],
  [answer('beat'), answer('beat', { topicList: null }), answer('topic'), answer('created')],
  [answer('beat'), answer('beat', { topicsVersion: 4, topicList: [] }), answer('status'), answer('audit')],
  [answer('beat', moved), answer('topic', { id: 't2' }), answer('created', { id: 't2' }), answer('status')],
  [answer('beat', { level: 1, ancestors: [5, 1], caughtUp: false }), answer('beat', { ancestors: [7, 1] })],
  [refusal('beat', 'NOT_READY'), answer('beat'), refusal('beat', 'CASCADE_CYCLE'), answer('beat')],
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
      const isChanged = manner === 'changed'
      const said = isChanged ? oddJson(honestAnswers[question], bytes) : new TextDecoder().decode(bytes)
      return { question, ok: manner !== 'error', text: said }
    })
}

async function hear(input: Uint8Array): Promise<Verdict> {
  const lies = liesOf(input)
  const kept = { disk: new MemoryDisk(), store: openMemoryStore() }
  const broker = await CascadeBroker.open(kept, lies)
  broker.node.start()
  const beats = lies.filter(({ question }) => question === 'beat').length
  await broker.pass(BEAT_MS * (1 + beats))
  const verdict = broker.node.uplink.changes === 1 ? 'taken' : 'refused'
  await checkView(broker)
  await broker.close()
  if (broker.mistakes.length > 0) throw broker.mistakes[0]
  // Whatever it has kept of what it heard, it can begin with.
  await (await CascadeBroker.open(kept)).close()
  return verdict
}

/** What a source answers to a cascade broker over HTTP. */
export const cascadeAnswers: FuzzTarget = {
  name: 'cascade-answer',
  samples: sessions.map(bytesOf),
  run: (input) => withoutLooseErrors(() => hear(input)),
}
