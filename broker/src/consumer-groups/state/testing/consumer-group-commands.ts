import fc from 'fast-check'
import type { ConsumerGroupCommand } from '../commands/consumer-group-command.ts'
import type { ConsumerGroup, ConsumerGroupMember, ConsumerGroupPartition } from '../consumer-group.ts'
import type { ConsumerGroupsState } from '../consumer-groups-state.ts'

export const memberOf = (id: string, more: Partial<ConsumerGroupMember> = {}): ConsumerGroupMember => ({
  id,
  instance: '',
  clientId: 'c',
  host: '10.0.0.1',
  principal: 'User:ann',
  rack: '',
  sessionMs: 10_000,
  subscribed: { topics: ['flights'], patterns: [] },
  ...more,
})

/** What somebody might want, in numbers that choose among what there is when its turn comes. */
export interface Wish {
  readonly kind: 'join' | 'leave' | 'release' | 'assign' | 'commit' | 'delay' | 'done' | 'reset' | 'remove' | 'forget'
  readonly group: string
  readonly member: number
  readonly chosen: readonly number[]
  /** Something in it is of an earlier time. */
  readonly stale: boolean
}

export const wish: fc.Arbitrary<Wish> = fc.record({
  kind: fc.constantFrom<Wish['kind'][]>(
    'join',
    'join',
    'leave',
    'release',
    'release',
    'assign',
    'assign',
    'assign',
    'commit',
    'commit',
    'commit',
    'delay',
    'done',
    'reset',
    'remove',
    'forget',
  ),
  group: fc.constantFrom('billing', 'a/b', 'Grüße'),
  member: fc.nat(3),
  chosen: fc.array(fc.nat(1000), { minLength: 6, maxLength: 6 }),
  stale: fc.boolean().chain((often) => (often ? fc.boolean() : fc.constant(false))),
})

const TOPICS = ['t-1', 't-2']
const PARTITIONS = 3
const INSTANCES = ['', '', 's-1']

interface Held {
  readonly topicId: string
  readonly partition: number
  readonly known: ConsumerGroupPartition
}

export function partitionsOf(group: ConsumerGroup | undefined): Held[] {
  return [...(group?.topics.values() ?? [])].flatMap(({ topicId, partitions }) =>
    [...partitions].map(([partition, known]) => ({ topicId, partition, known })),
  )
}

/** The command that the wish is against the present state. */
export function commandOf(
  { kind, group, member: number, chosen, stale }: Wish,
  state: ConsumerGroupsState,
  at: number,
): ConsumerGroupCommand {
  const present = state.groups.get(group)
  const [one, two, three, four, five, six] = chosen as [number, number, number, number, number, number]
  const members = [...(present?.members.keys() ?? [])].sort()
  const member = members.length > 0 && !stale ? members[number % members.length]! : `m-${number}`
  const held = partitionsOf(present).filter(({ known }) => known.holder === member)
  const lease = held[one % Math.max(1, held.length)]
  const place = lease ?? { topicId: TOPICS[two % 2]!, partition: three % PARTITIONS }
  const { topicId, partition } = place
  const token = stale || lease === undefined ? four % (state.head.lastToken + 2) : lease.known.token
  const decision = { group, at }
  const position = {
    topic: `name of ${topicId}`,
    topicId,
    partition,
    offset: five % 20,
    term: 1,
    metadata: 'm'.repeat(six % 5),
  }
  switch (kind) {
    case 'join': {
      const topics = TOPICS.slice(0, 1 + (three % 2))
      const subscribed = { topics, patterns: [] }
      return {
        type: 'join',
        ...decision,
        member: memberOf(`m-${number}`, { instance: INSTANCES[two % 3]!, subscribed }),
      }
    }
    case 'leave':
      return { type: 'leave', ...decision, member }
    case 'release': {
      const epoch = stale ? Math.max(0, (present?.epoch ?? 0) - (one % 4)) : (present?.epoch ?? 0)
      const leases = held.length === 0 ? [{ topicId, partition, token }] : []
      for (const { known, ...some } of held) leases.push({ ...some, token: known.token })
      return { type: 'release', ...decision, member, epoch, leases }
    }
    case 'assign': {
      const changedIn = stale ? one % 50 : (present?.changedIn ?? 0)
      const owners = (seed: number): number[] =>
        Array.from({ length: PARTITIONS }, (_, at) => ((seed + at * six) % (members.length + 1)) - 1)
      const topics = TOPICS.slice(0, 1 + (two % 2)).map((id, at) => {
        return { topic: `name of ${id}`, topicId: id, owners: owners(three + at * four) }
      })
      return { type: 'assign', ...decision, changedIn, members, topics }
    }
    case 'commit':
    case 'done':
      return {
        type: 'commit',
        ...decision,
        member,
        positions: [{ ...position, token, ...(kind === 'done' ? { done: true } : {}) }],
      }
    case 'delay':
      return {
        type: 'delay',
        ...decision,
        member,
        topicId,
        partition,
        token,
        offset: five % 20,
        due: at + six,
        attempt: two,
      }
    case 'reset':
      return { type: 'reset', ...decision, positions: [{ ...position, offset: (five % 21) - 1 }] }
    case 'remove':
      return { type: 'remove', ...decision, ...(stale ? { emptyBefore: at - one } : {}) }
    case 'forget':
      return {
        type: 'forget',
        ...decision,
        topicIds: [topicId],
        ...(four % 2 ? { committedBefore: at - (one % 20) } : {}),
      }
  }
}

/** All that a state has, in an order of its own, to be compared. */
export function contentOf(state: ConsumerGroupsState): unknown {
  const sorted = <T>(map: ReadonlyMap<string | number, T>): [string, T][] =>
    [...map].map(([key, value]): [string, T] => [String(key), value]).sort(([a], [b]) => (a < b ? -1 : 1))
  const groups = sorted(state.groups).map(([, group]) => ({
    ...group,
    members: sorted(group.members),
    topics: sorted(group.topics).map(([, topic]) => ({ ...topic, partitions: sorted(topic.partitions) })),
    delayed: sorted(group.delayed),
  }))
  return { head: state.head, bytes: state.bytes, groups }
}
