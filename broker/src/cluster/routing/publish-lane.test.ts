import { type ErrorCode, TailraceError } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import type { PublishCondition, PublishResult } from '../../partition/requests.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { type LaneBudget, PublishLane, type PublishTarget } from './publish-lane.ts'

interface Attempt {
  readonly batch: Uint8Array
  readonly timeoutMs: number
  readonly answer: (result: PublishResult) => void
  readonly fail: (code: ErrorCode, endOffset?: number) => void
}

/** A lane to one leader, which answers when the test says so. */
function laneTo(term: { now: number }) {
  const clock = new ManualClock()
  const budget: LaneBudget = { requests: 0, bytes: 0 }
  const attempts: Attempt[] = []
  const attempt: PublishTarget['attempt'] = ({ batch }, timeoutMs) =>
    new Promise((answer, reject) => {
      attempts.push({
        batch,
        timeoutMs,
        answer,
        fail: (code, endOffset) => reject(new TailraceError(code, undefined, { endOffset })),
      })
    })
  const lane = new PublishLane(clock, budget, () => ({ leader: 2, term: term.now, attempt, deny: () => {} }))
  const outcomes: unknown[] = []
  const publish = (bytes: number, timeoutMs: number, idempotent = true, condition?: PublishCondition) => {
    const at = outcomes.push('pending') - 1
    lane.publish({ batch: new Uint8Array(bytes), asker: undefined, condition }, idempotent, timeoutMs).then(
      ({ baseOffset }) => (outcomes[at] = baseOffset),
      ({ code }) => (outcomes[at] = code),
    )
  }
  const pass = (ms: number) => clock.advance(ms)
  return { lane, budget, attempts, outcomes, publish, pass }
}

const result: PublishResult = { baseOffset: 5, lastOffset: 5, duplicate: false, holders: [] }

const late: [string, (attempt: Attempt) => void][] = [
  ['an offset', ({ answer }) => answer(result)],
  ['a refusal', ({ fail }) => fail('NOT_LEADER')],
  ['an unknown outcome', ({ fail }) => fail('CONNECTION_LOST')],
  ['an error', ({ fail }) => fail('INVALID_BATCH')],
]

test.each(late)(
  '%s that comes after the publish was given up changes nothing: no second attempt, and room is given back once',
  async (_, answer) => {
    const { lane, budget, attempts, outcomes, publish, pass } = laneTo({ now: 3 })
    publish(100, 1000)
    publish(10, 5000)
    await pass(999)
    expect([outcomes, budget]).toEqual([['pending', 'pending'], { requests: 2, bytes: 110 }])
    await pass(1)
    expect([outcomes, budget]).toEqual([['OUTCOME_UNKNOWN', 'pending'], { requests: 1, bytes: 10 }])
    answer(attempts[0]!)
    await pass(1000)
    expect([outcomes, budget]).toEqual([['OUTCOME_UNKNOWN', 'pending'], { requests: 1, bytes: 10 }])
    expect(attempts).toHaveLength(2)
    attempts[1]!.answer(result)
    await pass(0)
    expect([outcomes, budget, lane.idle]).toEqual([['OUTCOME_UNKNOWN', 5], { requests: 0, bytes: 0 }, true])
  },
)

test('a publish that is held for a second attempt and given up there is not sent, and gives its room back once', async () => {
  const term = { now: 3 }
  const { lane, budget, attempts, outcomes, publish, pass } = laneTo(term)
  publish(100, 1000)
  await pass(990)
  attempts[0]!.fail('CONNECTION_LOST')
  await pass(100)
  expect([outcomes, budget, attempts.length]).toEqual([['OUTCOME_UNKNOWN'], { requests: 0, bytes: 0 }, 1])
  expect(lane.idle).toBe(true)
})

test('held publishes fail once, and their timers end', async () => {
  const { lane, budget, attempts, outcomes, publish, pass } = laneTo({ now: 3 })
  publish(100, 1000)
  publish(10, 1000)
  attempts[0]!.fail('NOT_LEADER')
  attempts[1]!.fail('CONNECTION_LOST')
  await pass(10)
  lane.fail(new TailraceError('UNKNOWN_TOPIC'))
  await pass(5000)
  expect([outcomes, budget]).toEqual([['UNKNOWN_TOPIC', 'OUTCOME_UNKNOWN'], { requests: 0, bytes: 0 }])
  expect([attempts.length, lane.idle]).toEqual([2, true])
})

test.each([
  ['the same', 7, true, 'WRONG_EXPECTED_OFFSET', 8],
  ['not known', 7, true, 'OUTCOME_UNKNOWN', 6],
  ['the same', 7, false, 'WRONG_EXPECTED_OFFSET', 6],
] as const)(
  'the answer is %s where a refusal by an expected offset comes: expected %i, an attempt before it lost: %s',
  async (_, expectedOffset, isLost, shown, endOffset) => {
    const term = { now: 3 }
    const { attempts, outcomes, publish, pass } = laneTo(term)
    publish(100, 5000, true, { expectedOffset })
    await pass(1)
    if (isLost) {
      attempts[0]!.fail('CONNECTION_LOST')
      await pass(100)
    }
    attempts.at(-1)!.fail('WRONG_EXPECTED_OFFSET', endOffset)
    await pass(1)
    expect([attempts.length, outcomes]).toEqual([isLost ? 2 : 1, [shown]])
  },
)
