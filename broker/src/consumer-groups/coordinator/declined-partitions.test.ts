import fc from 'fast-check'
import { beforeEach, describe, expect, it, test } from 'vitest'
import type { ConsumerGroupBeat, DeclinedPartition } from '../../api/consumer-groups-api.ts'
import type { ConsumerGroupCommand } from '../state/commands/consumer-group-command.ts'
import { type ConsumerGroup, partitionIn } from '../state/consumer-group.ts'
import { ConsumerGroupsState } from '../state/consumer-groups-state.ts'
import { placeKey } from '../state/place-key.ts'
import { memberOf, partitionsOf } from '../state/testing/consumer-group-commands.ts'
import { ConsumerGroupsReference } from '../state/testing/consumer-groups-reference.ts'
import { declinedNow, declinesAnew } from './declined-partitions.ts'
import { Leases } from './leases.ts'
import { targetOf } from './target.ts'

const PARTITIONS = 5
const topic = { name: 'flights', id: 't', partitions: Array.from({ length: PARTITIONS }, () => ({})) }
const view = { topics: new Map([['flights', topic]]), topicsById: new Map([['t', topic]]) }

let state: ConsumerGroupsState
let reference: ConsumerGroupsReference
let declined: Map<string, Map<string, DeclinedPartition>>
const leases = new Leases()

beforeEach(() => begin())

function begin(): void {
  state = new ConsumerGroupsState()
  reference = new ConsumerGroupsReference()
  declined = new Map()
}

/** Each command is judged by the plain rules of leases. */
function apply(command: ConsumerGroupCommand): void {
  const [outcome] = state.apply(state.head.appliedIndex + 1, [command], 1).outcomes
  reference.judge(command, outcome!, state)
}

const group = (): ConsumerGroup | undefined => state.groups.get('g')
const declinedBy = (member: string): DeclinedPartition[] => [...(declined.get(member)?.values() ?? [])]
const declines = (member: string) => declinedNow(group()!, member, declinedBy(member))
const heldBy = (member: string) => partitionsOf(group()).filter(({ known }) => known.holder === member)

/** Assigns, and has all members give back what they are asked for, until nothing changes. */
function settle(): void {
  for (let changes = true; changes; ) {
    changes = false
    if (group() === undefined || group()!.members.size === 0) return
    const target = targetOf({ view, mayRead: () => true, declines }, group()!, 1)
    if (target !== null) apply(target)
    changes ||= target !== null
    for (const member of group()!.members.keys()) {
      const { epoch } = group()!
      const given = leases.givenBack(group()!, member, epoch, [])
      if (given.length > 0) apply({ type: 'release', group: 'g', at: 1, member, epoch, leases: given })
      changes ||= given.length > 0
    }
  }
}

const step = fc.record({
  kind: fc.constantFrom('join', 'join', 'leave', 'decline', 'decline', 'decline', 'return', 'take over'),
  member: fc.nat(3),
  chosen: fc.nat(1000),
})

function take({ kind, member: number, chosen }: { kind: string; member: number; chosen: number }): void {
  const id = `m-${number}`
  const facts = (name: string) => memberOf(name, { instance: `s-${number}` })
  const isThere = group()?.members.has(id) ?? false
  if (kind === 'join' && !isThere) apply({ type: 'join', group: 'g', at: 1, member: facts(id) })
  if (!isThere) return
  if (kind === 'leave') {
    apply({ type: 'leave', group: 'g', at: 1, member: id })
    declined.delete(id)
  } else if (kind === 'take over') {
    // The new process has the name of its member; what the former one declined is not declined any more.
    apply({ type: 'join', group: 'g', at: 1, member: facts(`${id}x`) })
    apply({ type: 'join', group: 'g', at: 1, member: facts(id) })
    declined.delete(id)
  } else if (kind === 'return') {
    const known = declinedBy(id)
    if (known.length > 0) declined.get(id)!.delete(placeKey(known[chosen % known.length]!))
  } else if (kind === 'decline') decline(id, chosen)
}

/** What else it has stays under the same leases. */
function decline(id: string, chosen: number): void {
  const held = heldBy(id)
  if (held.length === 0) return
  const { topicId, partition, known } = held[chosen % held.length]!
  const rest = held.filter((one) => one.partition !== partition)
  const mine = declined.get(id) ?? new Map()
  declined.set(id, mine.set(placeKey({ topicId, partition }), { topicId, partition, token: known.token, ended: false }))
  settle()
  for (const one of rest) {
    const { holder, token } = partitionIn(group()!, topicId, one.partition)
    expect([one.partition, holder, token]).toEqual([one.partition, id, one.known.token])
  }
}

test('whatever members decline and take again, others have it where there are any, and nobody else', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      begin()
      for (const one of steps) {
        take(one)
        settle()
        const present = group()
        if (present === undefined || present.members.size === 0) continue
        for (let partition = 0; partition < PARTITIONS; partition++) {
          const key = placeKey({ topicId: 't', partition })
          const takers = [...present.members.keys()].filter((id) => !declined.get(id)?.has(key))
          const { holder } = partitionIn(present, 't', partition)
          if (takers.length === 0) expect(holder).toBe('')
          else expect(takers).toContain(holder)
        }
      }
    }),
    { numRuns: 300 },
  )
})

describe('a late beat', () => {
  it('declines nothing of which its member has got another lease', () => {
    for (const member of ['m-0', 'm-1']) apply({ type: 'join', group: 'g', at: 1, member: memberOf(member) })
    settle()
    const { partition, known } = heldBy('m-0')[0]!
    const late = [{ topicId: 't', partition, token: known.token, ended: false }]
    expect(declinedNow(group()!, 'm-0', late).size).toBe(1)
    expect(declinedNow(group()!, 'm-1', late).size).toBe(1)
    expect(declinedNow(group()!, 'm-0', [{ ...late[0]!, token: known.token - 1 }]).size).toBe(0)
    expect(declinedNow(group()!, 'm-1', [{ ...late[0]!, ended: true }]).size).toBe(0)
  })
})

test('a beat may change the assignment if it declines something else, or says that a handler has returned', () => {
  const one: DeclinedPartition = { topicId: 't', partition: 1, token: 5, ended: false }
  const beat = (...now: DeclinedPartition[]) => ({ declined: now }) as unknown as ConsumerGroupBeat
  expect(declinesAnew([], {} as ConsumerGroupBeat)).toBe(false)
  expect(declinesAnew([one], beat(one))).toBe(false)
  expect(declinesAnew([], beat(one))).toBe(true)
  expect(declinesAnew([one], beat())).toBe(true)
  expect(declinesAnew([one], beat({ ...one, token: 6 }))).toBe(true)
  // A coordinator that begins has not heard that it was declined.
  expect(declinesAnew([], beat({ ...one, ended: true }))).toBe(true)
  expect(declinesAnew([{ ...one, ended: true }], beat({ ...one, ended: true }))).toBe(true)
})
