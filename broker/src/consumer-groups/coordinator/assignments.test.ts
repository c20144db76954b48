import { TailraceError } from '@tailrace/schemas'
import { beforeEach, expect, test } from 'vitest'
import type { DeclinedPartition } from '../../api/consumer-groups-api.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import type { AssignPartitions, ConsumerGroupCommand } from '../state/commands/consumer-group-command.ts'
import { ConsumerGroupsState } from '../state/consumer-groups-state.ts'
import { memberOf } from '../state/testing/consumer-group-commands.ts'
import { Assignments } from './assignments.ts'
import { noCounts } from './counts.ts'

let clock: ManualClock
let state: ConsumerGroupsState
let proposed: AssignPartitions[]
let refusal: TailraceError | null
let warnings: string[]
let assignments: Assignments
let unheard: Set<string>
let declined: Map<string, DeclinedPartition[]>
let topic: { readonly name: string; readonly id: string; readonly partitions: object[] }

const apply = (command: ConsumerGroupCommand) => state.apply(state.head.appliedIndex + 1, [command], 1)
const holder = () => state.groups.get('g')!.topics.get('i')?.partitions.get(0)?.holder

beforeEach(() => {
  clock = new ManualClock(1_700_000_000_000)
  state = new ConsumerGroupsState()
  proposed = []
  refusal = null
  warnings = []
  unheard = new Set()
  declined = new Map()
  topic = { name: 'flights', id: 'i', partitions: [{}] }
  const warn = (_fields: object, message: string): void => void warnings.push(message)
  assignments = new Assignments({
    groups: state.groups,
    view: { topics: new Map([['flights', topic]]), topicsById: new Map([['i', topic]]) },
    askerOf: (_, member) => (unheard.has(member) ? undefined : null),
    declinedBy: (_, member) => declined.get(member) ?? [],
    mayRead: () => true,
    counts: noCounts(),
    clock,
    logger: { info: () => {}, warn, error: warn },
    async propose(command) {
      proposed.push(command)
      if (refusal !== null) throw refusal
      apply(command)
    },
  })
  apply({ type: 'join', group: 'g', at: 1, member: memberOf('m') })
})

/** The members m and n have the partitions. */
async function assignTwo(): Promise<void> {
  apply({ type: 'join', group: 'g', at: 1, member: memberOf('n') })
  assignments.changed('g')
  await clock.advance(0)
}

test('an assignment that could not be committed is tried again, and told once', async () => {
  refusal = new TailraceError('DISK_FULL')
  assignments.changed('g')
  await clock.advance(1000)
  // Other changes meanwhile begin no attempts of their own beyond the one for each.
  assignments.changed('g')
  await clock.advance(10_000)
  expect([proposed.length, holder(), warnings.length]).toEqual([4, undefined, 1])
  refusal = null
  await clock.advance(5000)
  expect([proposed.length, holder()]).toEqual([5, 'm'])
  await clock.advance(60_000)
  expect([proposed.length, warnings.length]).toEqual([5, 1])
})

test.each(['NOT_LEADER', 'OUTCOME_UNKNOWN'] as const)('%s is the matter of the next coordinator', async (code) => {
  refusal = new TailraceError(code)
  assignments.changed('g')
  await clock.advance(60_000)
  expect([proposed.length, warnings]).toEqual([1, []])
})

test('nothing is tried again after the end', async () => {
  refusal = new TailraceError('DISK_FULL')
  assignments.changed('g')
  await clock.advance(1000)
  assignments.end()
  await clock.advance(60_000)
  expect(proposed.length).toBe(1)
})

test('what has changed while nobody coordinated is assigned when all members have been heard', async () => {
  await assignTwo()
  topic.partitions.push({}, {})
  unheard = new Set(['m', 'n'])
  assignments.inherited('g')
  for (const member of ['m', 'm', 'n']) {
    await clock.advance(1000)
    expect(proposed.length).toBe(1)
    unheard.delete(member)
    assignments.heard('g')
  }
  await clock.advance(0)
  expect(proposed.length).toBe(2)
  expect(proposed[1]!.topics[0]!.owners).toHaveLength(3)
  // Once.
  assignments.heard('g')
  await clock.advance(1000)
  expect(proposed.length).toBe(2)
})

test('and when those that are not heard have been taken out', async () => {
  await assignTwo()
  topic.partitions.push({})
  unheard = new Set(['m', 'n'])
  assignments.inherited('g')
  unheard.delete('m')
  assignments.heard('g')
  await clock.advance(1000)
  expect(proposed.length).toBe(1)
  apply({ type: 'leave', group: 'g', at: 2, member: 'n' })
  assignments.changed('g')
  await clock.advance(0)
  expect(proposed[1]!.topics[0]!.owners).toEqual([0, 0])
})

test('a partition that is declined goes to another member at once, though others have not been heard', async () => {
  await assignTwo()
  const { holder, token } = state.groups.get('g')!.topics.get('i')!.partitions.get(0)!
  unheard = new Set(['m', 'n'])
  assignments.inherited('g')
  unheard.delete(holder!)
  declined.set(holder!, [{ topicId: 'i', partition: 0, token, ended: false }])
  assignments.heard('g')
  assignments.changed('g')
  await clock.advance(0)
  expect(proposed.length).toBe(2)
})
