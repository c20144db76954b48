import { beforeEach, expect, test } from 'vitest'
import type { ConsumerGroupCommand } from '../state/commands/consumer-group-command.ts'
import { ConsumerGroupsState } from '../state/consumer-groups-state.ts'
import { memberOf } from '../state/testing/consumer-group-commands.ts'
import { unneededOf } from './unneeded.ts'

const HOUR = 3_600_000
const START = 1_700_000_000_000

let state: ConsumerGroupsState
let now: number
let deleted: Set<string>
let read: Set<string>

beforeEach(() => {
  state = new ConsumerGroupsState()
  now = START
  deleted = new Set()
  read = new Set()
})

type Undated<Command> = Command extends ConsumerGroupCommand ? Omit<Command, 'at' | 'group'> : never
function apply(command: Undated<ConsumerGroupCommand> & { readonly group?: string }): void {
  const whole = { group: 'g', at: now, ...command } as ConsumerGroupCommand
  const { outcomes } = state.apply(state.head.appliedIndex + 1, [whole], 1)
  expect(outcomes).toMatchObject([{ ok: true }])
}
const unneeded = (group = 'g', expirationMs = HOUR) =>
  unneededOf(state.groups.get(group)!, { now, expirationMs, deleted, isRead: (_, topicId) => read.has(topicId) })
const positionIn = (topicId: string) => ({ topic: 'n', topicId, partition: 0, offset: 5, term: 1, metadata: '' })
const reset = (group = 'g') => apply({ type: 'reset', group, positions: [positionIn('a')] })

/** A member that has a partition of each of these topics, and of no other. */
function assign(...topicIds: string[]): void {
  const { changedIn } = state.groups.get('g')!
  const topics = topicIds.map((topicId) => ({ topic: 'n', topicId, owners: [0] }))
  apply({ type: 'assign', changedIn, members: ['m'], topics })
}
/** A member commits in "a" and puts a record off in "b", and then reads "c" alone. */
function moveOn(): void {
  apply({ type: 'join', member: memberOf('m') })
  assign('a', 'b')
  const [a, b] = ['a', 'b'].map((id) => state.groups.get('g')!.topics.get(id)!.partitions.get(0)!.token)
  apply({ type: 'commit', member: 'm', positions: [{ ...positionIn('a'), token: a! }] })
  const delayed = { topicId: 'b', partition: 0, token: b!, offset: 2, attempt: 1, due: now + 1000 }
  apply({ type: 'delay', member: 'm', ...delayed })
  const subscribed = { topics: ['c'], patterns: [] }
  apply({ type: 'join', member: memberOf('m', { subscribed }) })
  assign('c')
  const leases = [
    { topicId: 'a', partition: 0, token: a! },
    { topicId: 'b', partition: 0, token: b! },
  ]
  expect(unneeded()).toEqual([])
  apply({ type: 'release', member: 'm', epoch: state.groups.get('g')!.epoch, leases })
}

test('a group expires a time after it has lost its last member, or its positions were set', () => {
  reset()
  now += HOUR - 1
  expect(unneeded()).toEqual([])
  now += 1
  expect(unneeded()).toEqual([{ type: 'remove', group: 'g', at: now, emptyBefore: now - HOUR }])
  expect(unneeded('g', 0)).toEqual([])
  reset()
  expect(unneeded()).toEqual([])
  apply({ type: 'join', member: memberOf('m') })
  now += 10 * HOUR
  expect(unneeded().map(({ type }) => type)).toEqual(['forget'])
  apply({ type: 'leave', member: 'm' })
  expect(unneeded()).toEqual([])
  now += HOUR
  expect(unneeded()).toMatchObject([{ type: 'remove' }])
})

test('what has been replayed or dropped of dead letters stays', () => {
  reset('tailrace.dlq')
  now += 1000 * HOUR
  expect(unneeded('tailrace.dlq')).toEqual([])
  deleted.add('a')
  expect(unneeded('tailrace.dlq')).toMatchObject([{ type: 'forget', topicIds: ['a'] }])
})

test('positions and delayed records of a deleted topic go when nobody has its partitions any more', () => {
  moveOn()
  deleted.add('b').add('c')
  expect(unneeded()).toEqual([{ type: 'forget', group: 'g', at: now, topicIds: ['b'] }])
  deleted.add('a')
  const [forget] = unneeded('g', 0)
  expect(forget).toEqual({ type: 'forget', group: 'g', at: now, topicIds: ['a', 'b'] })
  apply(forget!)
  expect(unneeded()).toEqual([])
  expect([[...state.groups.get('g')!.topics.keys()], state.groups.get('g')!.delayed.size]).toEqual([['c'], 0])
})

test('positions and delayed records in topics that members do not read any more expire, each at its time', () => {
  moveOn()
  now += HOUR
  const first = { type: 'forget', group: 'g', at: now, topicIds: ['a'], committedBefore: now - HOUR }
  expect([unneeded(), unneeded('g', 0)]).toEqual([[first], []])
  now += 1000
  expect(unneeded()).toMatchObject([{ topicIds: ['a', 'b'] }])
  now += 100 * HOUR
  for (const command of unneeded()) apply(command)
  expect([[...state.groups.get('g')!.topics.keys()], unneeded()]).toEqual([['c'], []])
})

test('positions in a topic that a member reads stay, also while all its members decline its partitions', () => {
  moveOn()
  read.add('a')
  now += 100 * HOUR
  expect(unneeded()).toMatchObject([{ topicIds: ['b'] }])
  deleted.add('a')
  expect(unneeded()).toMatchObject([{ topicIds: ['a'] }, { topicIds: ['b'] }])
})
