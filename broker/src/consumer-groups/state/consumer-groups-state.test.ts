import { beforeEach, describe, expect, test } from 'vitest'
import type { CommitPositions, ConsumerGroupCommand } from './commands/consumer-group-command.ts'
import type { ConsumerGroup, ConsumerGroupMember } from './consumer-group.ts'
import { partitionIn } from './consumer-group.ts'
import type { CommandOutcome } from './consumer-group-changes.ts'
import { consumerGroupLimits } from './consumer-group-limits.ts'
import { ConsumerGroupsState } from './consumer-groups-state.ts'
import { memberOf } from './testing/consumer-group-commands.ts'

const FULL = { ok: false, code: 'CONSUMER_GROUPS_FULL' }
const FENCED = { ok: false, code: 'FENCED_MEMBER' }
const ACTIVE = { ok: false, code: 'CONSUMER_GROUP_ACTIVE' }
const UNKNOWN = { ok: false, code: 'UNKNOWN_CONSUMER_GROUP' }
const DONE = { ok: true, fenced: [], behind: [] }
const place = { topicId: 't-1', partition: 0 }

let state = new ConsumerGroupsState()
let now = 0
beforeEach(() => {
  state = new ConsumerGroupsState()
  now = 1000
})

function apply(command: Omit<ConsumerGroupCommand, 'group' | 'at'> & { group?: string }): CommandOutcome {
  const whole = { group: 'billing', at: now++, ...command } as ConsumerGroupCommand
  return state.apply(state.head.appliedIndex + 1, [whole], 1).outcomes[0]!
}
const group = (id = 'billing'): ConsumerGroup => state.groups.get(id)!
const join = (id: string, more: Partial<ConsumerGroupMember> = {}, of = 'billing'): CommandOutcome =>
  apply({ type: 'join', group: of, member: memberOf(id, more) } as never)
const leave = (member: string): CommandOutcome => apply({ type: 'leave', member } as never)
/** Of the partitions of t-1, by their numbers; a null: nobody. */
const assign = (...owners: (string | null)[]): CommandOutcome => {
  const members = [...group().members.keys()]
  const numbers = owners.map((owner) => (owner === null ? -1 : members.indexOf(owner)))
  const topics = [{ topic: 'flights', topicId: 't-1', owners: numbers }]
  return apply({ type: 'assign', changedIn: group().changedIn, members, topics } as never)
}
const release = (member: string, partition: number, epoch = group().epoch): CommandOutcome => {
  const { token } = partitionIn(group(), 't-1', partition)
  return apply({ type: 'release', member, epoch, leases: [{ topicId: 't-1', partition, token }] } as never)
}
const commit = (
  member: string,
  token: number,
  offset: number,
  more: Partial<CommitPositions['positions'][number]> = {},
) => {
  const position = { topic: 'flights', ...place, token, offset, term: 1, metadata: '', ...more }
  return apply({ type: 'commit', member, positions: [position] } as never)
}
const delay = (member: string, token: number, offset: number, due = 5000): CommandOutcome =>
  apply({ type: 'delay', member, ...place, token, offset, due, attempt: 1 } as never)
const reset = (offset: number, partition = 0, of = 'billing'): CommandOutcome => {
  const position = { topic: 'flights', topicId: 't-1', partition, offset, term: 1, metadata: '' }
  return apply({ type: 'reset', group: of, positions: [position] } as never)
}
const lease = (partition = 0): unknown => {
  const { owner, holder, token, revoking } = partitionIn(group(), 't-1', partition)
  return { owner, holder, token, revoking }
}

describe('leases', () => {
  test('a free partition goes to its owner; one that another holds goes to it when it was given back', () => {
    join('m-1')
    assign('m-1', 'm-1')
    expect(lease(1)).toEqual({ owner: 'm-1', holder: 'm-1', token: 2, revoking: false })
    join('m-2')
    assign('m-1', 'm-2')
    expect(lease(1)).toEqual({ owner: 'm-2', holder: 'm-1', token: 2, revoking: true })
    release('m-1', 1)
    expect(lease(1)).toEqual({ owner: 'm-2', holder: 'm-2', token: 3, revoking: false })
    expect(lease(0)).toEqual({ owner: 'm-1', holder: 'm-1', token: 1, revoking: false })
  })

  test('a beat from before the member knew of a lease does not give it back', () => {
    join('m-1')
    join('m-2')
    const early = group().epoch
    assign('m-1')
    assign('m-2')
    release('m-1', 0, early)
    expect(lease()).toMatchObject({ holder: 'm-1', revoking: true })
    release('m-1', 0, group().epoch)
    expect(lease()).toMatchObject({ holder: 'm-2', revoking: false })
  })

  test('a beat from before a revocation was taken back does not give the lease back', () => {
    join('m-1')
    join('m-2')
    assign('m-1')
    assign('m-2')
    const revoked = group().epoch
    assign('m-1')
    assign('m-2')
    release('m-1', 0, revoked)
    expect(lease()).toMatchObject({ holder: 'm-1', token: 1, revoking: true })
  })

  test('a lease that is not revoked, or has another token, is not given back', () => {
    join('m-1')
    assign('m-1')
    release('m-1', 0)
    expect(lease()).toMatchObject({ holder: 'm-1', token: 1 })
    join('m-2')
    assign('m-2')
    apply({ type: 'release', member: 'm-1', epoch: group().epoch, leases: [{ ...place, token: 9 }] } as never)
    expect(lease()).toMatchObject({ holder: 'm-1', token: 1 })
  })

  test('a lease that is named twice is given back once', () => {
    join('m-1')
    join('m-2')
    assign('m-1')
    assign('m-2')
    const twice = [
      { ...place, token: 1 },
      { ...place, token: 1 },
    ]
    apply({ type: 'release', member: 'm-1', epoch: group().epoch, leases: twice } as never)
    expect(lease()).toEqual({ owner: 'm-2', holder: 'm-2', token: 2, revoking: false })
  })

  test('what a member leaves behind is free for those who wait for it', () => {
    join('m-1')
    join('m-2')
    assign('m-1', 'm-1')
    assign('m-2', 'm-1')
    leave('m-1')
    expect(lease(0)).toEqual({ owner: 'm-2', holder: 'm-2', token: 3, revoking: false })
    expect(group().topics.get('t-1')!.partitions.has(1)).toBe(false)
  })

  test('an assignment for former members is passed over', () => {
    join('m-1')
    const before = group().changedIn
    join('m-2')
    const topics = [{ topic: 'flights', topicId: 't-1', owners: [0] }]
    apply({ type: 'assign', changedIn: before, members: ['m-1'], topics } as never)
    expect(lease()).toMatchObject({ holder: '' })
    expect(group().assignedFor).not.toBe(group().changedIn)
  })

  test('an assignment that names somebody who is no member, or no number of a member, leaves the partition free', () => {
    join('m-1')
    const topics = [{ topic: 'flights', topicId: 't-1', owners: [0, 1, 7] }]
    apply({ type: 'assign', changedIn: group().changedIn, members: ['m-1', 'gone'], topics } as never)
    expect([...group().topics.get('t-1')!.partitions.keys()]).toEqual([0])
  })

  test('topics that an assignment does not name are given back', () => {
    join('m-1')
    assign('m-1')
    apply({ type: 'assign', changedIn: group().changedIn, members: ['m-1'], topics: [] } as never)
    expect(lease()).toMatchObject({ owner: '', holder: 'm-1', revoking: true })
    release('m-1', 0)
    expect(group().topics.size).toBe(0)
  })

  test('tokens are never used again, also by a group that was removed and made anew', () => {
    join('m-1')
    assign('m-1')
    leave('m-1')
    expect(state.groups.size).toBe(0)
    join('m-1')
    assign('m-1')
    expect(lease()).toMatchObject({ token: 2 })
  })
})

describe('members', () => {
  test('a change of members or subscriptions asks for an assignment, anything else does not', () => {
    join('m-1')
    assign('m-1')
    const stable = group().changedIn
    join('m-1', { sessionMs: 20_000, host: '10.0.0.2' })
    expect([group().changedIn, group().members.get('m-1')!.sessionMs]).toEqual([stable, 20_000])
    join('m-1', { subscribed: { topics: ['flights'], patterns: ['b*'] } })
    expect(group().changedIn).toBeGreaterThan(stable)
  })

  test('a process that comes back under its instance gets the same partitions at once, and fences the former one', () => {
    join('m-1', { instance: 's-1' })
    join('m-2')
    assign('m-1', 'm-2', 'm-1')
    assign('m-1', 'm-2', 'm-2')
    const { changedIn } = group()
    join('again', { instance: 's-1' })
    expect(group().changedIn).toBe(changedIn)
    expect(group().members.has('m-1')).toBe(false)
    expect(lease(0)).toEqual({ owner: 'again', holder: 'again', token: 4, revoking: false })
    expect(lease(1)).toMatchObject({ holder: 'm-2', token: 2 })
    // It was to give this one back, and cannot do so any more.
    expect(lease(2)).toEqual({ owner: 'm-2', holder: 'm-2', token: 5, revoking: false })
    expect(commit('m-1', 1, 7)).toEqual(FENCED)
  })

  test('a process that comes back with another subscription asks for an assignment', () => {
    join('m-1', { instance: 's-1' })
    const { changedIn } = group()
    join('again', { instance: 's-1', subscribed: { topics: ['b'], patterns: [] } })
    expect(group().changedIn).toBeGreaterThan(changedIn)
  })

  test('a member keeps the instance that it joined with', () => {
    join('m-1', { instance: 's-1' })
    join('m-1', { instance: 's-2' })
    expect(group().members.get('m-1')!.instance).toBe('s-1')
  })

  test('one that is no member cannot leave, commit or delay', () => {
    expect([leave('m-1'), commit('m-1', 1, 1), delay('m-1', 1, 1)]).toEqual([UNKNOWN, FENCED, FENCED])
    join('m-2')
    expect([leave('m-1'), commit('m-1', 1, 1), delay('m-1', 1, 1)]).toEqual([FENCED, FENCED, FENCED])
  })

  test('a group without members and positions is gone; one with positions stays, and says since when it is empty', () => {
    join('m-1')
    leave('m-1')
    expect(state.groups.size).toBe(0)
    join('m-1')
    assign('m-1')
    commit('m-1', 1, 5)
    leave('m-1')
    expect(group().emptySince).toBe(now - 1)
    join('m-2')
    expect(group().emptySince).toBeNull()
  })
})

describe('positions', () => {
  beforeEach(() => {
    join('m-1')
    assign('m-1', 'm-1')
  })

  test('a commit counts under the token of the live lease, a revoked one too', () => {
    expect(commit('m-1', 1, 5, { metadata: 'x' })).toEqual(DONE)
    expect(partitionIn(group(), 't-1', 0)).toMatchObject({ offset: 5, metadata: 'x', committedAt: now - 1, token: 1 })
    join('m-2')
    assign('m-2')
    expect(commit('m-1', 1, 6)).toEqual(DONE)
    release('m-1', 0)
    expect(commit('m-1', 1, 7)).toEqual({ ok: true, fenced: [place], behind: [] })
    expect(commit('m-2', 1, 7)).toEqual({ ok: true, fenced: [place], behind: [] })
    expect(partitionIn(group(), 't-1', 0).offset).toBe(6)
  })

  test('partitions of a commit that are fenced do not stop the others', () => {
    const position = { topic: 'flights', topicId: 't-1', offset: 5, term: 1, metadata: '' }
    const positions = [0, 1, 2].map((partition) => ({ ...position, partition, token: 2 }))
    const fenced = [place, { ...place, partition: 2 }]
    expect(apply({ type: 'commit', member: 'm-1', positions } as never)).toEqual({ ok: true, fenced, behind: [] })
    expect(partitionIn(group(), 't-1', 1).offset).toBe(5)
  })

  test('a partition that a commit names twice is told once', () => {
    const position = { topic: 'flights', ...place, offset: 5, term: 1, metadata: '' }
    const twice = (token: number) => [
      { ...position, token },
      { ...position, token, offset: 4 },
      { ...position, token, offset: 3 },
    ]
    const outcome = (token: number) => apply({ type: 'commit', member: 'm-1', positions: twice(token) } as never)
    expect(outcome(9)).toEqual({ ok: true, fenced: [place], behind: [] })
    expect(outcome(1)).toEqual({ ok: true, fenced: [], behind: [place] })
  })

  test('a position does not go back by a commit, which is told, and may be given again', () => {
    commit('m-1', 1, 5)
    expect(commit('m-1', 1, 4)).toEqual({ ok: true, fenced: [], behind: [place] })
    expect(commit('m-1', 1, 5, { metadata: 'again' })).toEqual(DONE)
    expect(partitionIn(group(), 't-1', 0)).toMatchObject({ offset: 5, metadata: 'again' })
  })

  test('a position survives that its partition goes to another member, or to none', () => {
    commit('m-1', 1, 5)
    leave('m-1')
    expect(partitionIn(group(), 't-1', 0)).toMatchObject({ offset: 5, holder: '', token: 0 })
  })

  test('a group with members is neither reset nor removed; one without them is', () => {
    commit('m-1', 1, 5)
    expect([reset(2), apply({ type: 'remove' } as never)]).toEqual([ACTIVE, ACTIVE])
    leave('m-1')
    expect(reset(2)).toEqual(DONE)
    expect(partitionIn(group(), 't-1', 0).offset).toBe(2)
    expect(apply({ type: 'remove' } as never)).toEqual(DONE)
    expect([state.groups.size, state.bytes, apply({ type: 'remove' } as never)]).toEqual([0, 0, UNKNOWN])
  })

  test('a group is removed for being idle only if it was empty for so long', () => {
    commit('m-1', 1, 5)
    leave('m-1')
    const { emptySince } = group()
    expect(apply({ type: 'remove', emptyBefore: emptySince! - 1 } as never)).toEqual(ACTIVE)
    expect(apply({ type: 'remove', emptyBefore: emptySince! } as never)).toEqual(DONE)
  })

  test('a reset makes a group, and one to nowhere removes the position and the group with the last one', () => {
    expect(reset(7, 0, 'new')).toEqual(DONE)
    expect(partitionIn(group('new'), 't-1', 0)).toMatchObject({ offset: 7, holder: '' })
    reset(-1, 0, 'new')
    expect(state.groups.has('new')).toBe(false)
    reset(-1, 0, 'never')
    expect(state.groups.has('never')).toBe(false)
  })

  test('positions of topics that are gone are forgotten, but not of partitions that somebody has', () => {
    commit('m-1', 1, 5)
    apply({ type: 'forget', topicIds: ['t-1', 't-9'] } as never)
    expect(partitionIn(group(), 't-1', 0).offset).toBe(5)
    delay('m-1', 1, 3)
    leave('m-1')
    apply({ type: 'forget', topicIds: ['t-1'] } as never)
    expect([state.groups.size, state.bytes]).toEqual([0, 0])
  })

  test('of topics that are not read any more only what is older than the given time is forgotten', () => {
    commit('m-1', 1, 5)
    delay('m-1', 1, 3, 5000)
    leave('m-1')
    join('m-2')
    const { committedAt } = partitionIn(group(), 't-1', 0)
    const forget = (committedBefore: number) => apply({ type: 'forget', topicIds: ['t-1'], committedBefore } as never)
    forget(committedAt - 1)
    expect([partitionIn(group(), 't-1', 0).offset, group().delayed.size]).toEqual([5, 1])
    forget(committedAt)
    expect([partitionIn(group(), 't-1', 0).offset, group().delayed.size]).toEqual([-1, 1])
    forget(5000)
    expect([group().topics.size, group().delayed.size]).toEqual([0, 0])
  })
})

describe('delayed records', () => {
  beforeEach(() => {
    join('m-1')
    assign('m-1')
  })

  test('a record is kept under the live lease, replaced by its next delay, and done by a commit', () => {
    expect(delay('m-1', 2, 3)).toEqual({ ok: true, fenced: [place], behind: [] })
    expect(delay('m-1', 1, 3, 5000)).toEqual(DONE)
    expect(delay('m-1', 1, 3, 6000)).toEqual(DONE)
    expect([...group().delayed.values()].map(({ due }) => due)).toEqual([6000])
    commit('m-1', 1, 9)
    expect(group().delayed.size).toBe(1)
    expect(commit('m-1', 1, 3, { done: true })).toEqual(DONE)
    expect(commit('m-1', 1, 3, { done: true })).toEqual(DONE)
    expect([group().delayed.size, partitionIn(group(), 't-1', 0).offset]).toEqual([0, 9])
  })

  test('it outlasts the member, and a reset of its partition ends it', () => {
    delay('m-1', 1, 3)
    leave('m-1')
    expect(group().delayed.size).toBe(1)
    reset(0, 1)
    expect(group().delayed.size).toBe(1)
    reset(0, 0)
    expect(group().delayed.size).toBe(0)
  })

  test('a group has no more than so many', () => {
    for (let offset = 0; offset < consumerGroupLimits.delayed; offset++) delay('m-1', 1, offset)
    expect(delay('m-1', 1, consumerGroupLimits.delayed)).toEqual(FULL)
    expect(delay('m-1', 1, 0)).toEqual(DONE)
  })
})

describe('limits', () => {
  test('of groups, of members, and of partitions', () => {
    for (let at = 0; at < consumerGroupLimits.members; at++) join(`m-${at}`)
    expect(join('more')).toEqual(FULL)
    expect(join('m-0')).toEqual(DONE)
    for (let at = 1; at < consumerGroupLimits.groups; at++) join('m-1', {}, `g-${at}`)
    expect([join('m-1', {}, 'more'), reset(1, 0, 'more')]).toEqual([FULL, FULL])
    const owners = Array.from({ length: consumerGroupLimits.partitions + 1 }, () => 0)
    const topics = [{ topic: 'flights', topicId: 't-1', owners }]
    expect(apply({ type: 'assign', changedIn: group().changedIn, members: ['m-0'], topics } as never)).toEqual(FULL)
  })

  test('of memory: what would add to it is refused, what was assigned before goes on', () => {
    join('m-1')
    assign('m-1')
    delay('m-1', 1, 3)
    const subscribed = { topics: Array.from({ length: 1000 }, (_, at) => `${at}`.padEnd(249, 't')), patterns: [] }
    let more = 0
    while (join(`m-${more}`, { subscribed }, `g-${more}`).ok) more += 1
    expect(more * 1000 * 249).toBeLessThan(consumerGroupLimits.bytes)
    expect([join('m-2'), join('m-1', { subscribed }), reset(1, 0, 'new'), delay('m-1', 1, 4)]).toEqual([
      FULL,
      FULL,
      FULL,
      FULL,
    ])
    expect([commit('m-1', 1, 5, { metadata: 'more' }), assign('m-1', 'm-1')]).toEqual([FULL, FULL])
    expect([commit('m-1', 1, 5), delay('m-1', 1, 3), assign('m-1'), join('m-1')]).toEqual([DONE, DONE, DONE, DONE])
    apply({ type: 'leave', group: 'g-0', member: 'm-0' } as never)
    expect(join('m-2')).toEqual(DONE)
  })
})
