import { TailraceError } from '@tailrace/schemas'
import { beforeEach, expect, test } from 'vitest'
import { ManualClock } from '../../platform/testing/clock.ts'
import type { ForgetTopics, RemoveConsumerGroup } from '../state/commands/consumer-group-command.ts'
import { ConsumerGroupsState } from '../state/consumer-groups-state.ts'
import { DeletedTopics } from './deleted-topics.ts'
import { Expiry } from './expiry.ts'

const DAY = 86_400_000

let clock: ManualClock
let state: ConsumerGroupsState
let proposed: (RemoveConsumerGroup | ForgetTopics)[]
let logged: string[]
let refusal: TailraceError | null
let expiry: Expiry

beforeEach(() => {
  clock = new ManualClock(1_700_000_000_000)
  state = new ConsumerGroupsState()
  proposed = []
  logged = []
  refusal = null
  const log = (_fields: object, message: string): void => void logged.push(message)
  expiry = new Expiry({
    groups: state.groups,
    deleted: new DeletedTopics(),
    isRead: () => false,
    expirationMs: DAY,
    clock,
    logger: { info: log, warn: log, error: log },
    async propose(command) {
      proposed.push(command)
      if (refusal !== null) throw refusal
      state.apply(state.head.appliedIndex + 1, [command], 1)
    },
  })
})

function groups(count: number, at: number): void {
  const positions = [{ topic: 'n', topicId: 't', partition: 0, offset: 1, term: 1, metadata: '' }]
  const first = state.groups.size
  const commands = Array.from({ length: count }, (_, number) => {
    return { type: 'reset', group: `g-${first + number}`, at, positions } as const
  })
  state.apply(state.head.appliedIndex + 1, commands, 1)
}
/** How many groups a look has removed. */
async function look(): Promise<number> {
  const before = state.groups.size
  expiry.look()
  await Promise.resolve()
  return before - state.groups.size
}

test('each look proposes some commands, and looks at some groups', async () => {
  groups(250, clock.now() - DAY)
  expect([await look(), await look(), await look(), state.groups.size]).toEqual([100, 100, 50, 0])
  groups(2500, clock.now())
  groups(3, clock.now() - DAY)
  expect([await look(), await look(), await look()]).toEqual([0, 0, 3])
  expect([await look(), state.groups.size]).toEqual([0, 2500])
})

test('a group that stays is found again, and only what is odd is told as a warning', async () => {
  groups(1, clock.now() - DAY)
  for (const code of ['CONSUMER_GROUP_ACTIVE', 'NOT_LEADER', 'OVERLOADED'] as const) {
    refusal = new TailraceError(code)
    expect(await look()).toBe(0)
  }
  refusal = null
  expect([await look(), proposed.length]).toEqual([1, 4])
  expect(logged).toEqual(['a consumer group could not be expired', 'a consumer group without members has expired'])
})

test('of deleted topics the latest are known', () => {
  const deleted = new DeletedTopics()
  for (let number = 0; number < 10_001; number++) deleted.add(`t-${number}`)
  expect([deleted.size, deleted.has('t-0'), deleted.has('t-1'), deleted.has('t-10000')]).toEqual([
    10_000,
    false,
    true,
    true,
  ])
})
