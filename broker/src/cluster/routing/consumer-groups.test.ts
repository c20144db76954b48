import { beforeEach, describe, expect, it, test } from 'vitest'
import type { Asker } from '../../api/broker-api.ts'
import type {
  ConsumerGroupBeat,
  ConsumerGroupBeatReply,
  ConsumerGroupPosition,
  ConsumerGroupRequest,
  ConsumerGroupResultOf,
} from '../../api/consumer-groups-api.ts'
import { CONSUMER_GROUPS_TOPIC, COORDINATORS } from '../../api/consumer-groups-api.ts'
import { featureLevels } from '../metadata/feature-levels.ts'
import { MetadataState } from '../metadata/metadata-state.ts'
import { during, until } from '../testing/running.ts'
import { type TestBroker, TestCluster } from '../testing/test-cluster.ts'

const ann: Asker = { principal: 'User:ann', groups: [], host: '10.0.0.1', kind: 'scram', via: [] }

let cluster: TestCluster
let topicId: string

beforeEach(async () => {
  cluster = await TestCluster.of(3)
  topicId = (await during(cluster, broker(1).node.api.createTopic({ name: 'flights', partitions: 4, replicas: 3 }))).id
})

const broker = (id: number): TestBroker => cluster.broker(id)
function ask<Request extends ConsumerGroupRequest>(
  id: number,
  request: Request,
): Promise<ConsumerGroupResultOf<Request>> {
  return during(cluster, broker(id).node.consumerGroups.for(ann).ask(request))
}
const coded = (code: string) => expect.objectContaining({ code })

function beat(member: string, epoch: number, more: Partial<ConsumerGroupBeat> = {}): ConsumerGroupBeat {
  const subscribed = epoch === 0 ? { topics: ['flights'], patterns: [] } : null
  const common = { clientId: '', instance: '', rack: '', sessionMs: 10_000, waitMs: 0, owned: [], stuck: [] }
  return { kind: 'beat', group: 'billing', member, epoch, subscribed, ...common, ...more }
}
const owned = ({ assignment, revoke }: ConsumerGroupBeatReply) => {
  const given = new Set(revoke.map(({ partition }) => partition))
  return assignment.filter(({ partition }) => !given.has(partition))
}
const settledBeat = (member: string, reply: ConsumerGroupBeatReply) => {
  return beat(member, reply.epoch, { sessionMs: 60_000, owned: owned(reply) })
}
const partitions = (list: readonly { readonly partition: number }[]) => list.map(({ partition }) => partition).sort()
const position = (partition: number, token: number, offset: number): ConsumerGroupPosition => {
  return { topic: 'flights', topicId, partition, token, offset, term: 1, metadata: `at ${offset}`, done: false }
}
const commit = (member: string, ...positions: ConsumerGroupPosition[]) => {
  return { kind: 'commit', group: 'billing', member, positions } as const
}
const describeIt = { kind: 'describe', group: 'billing' } as const

/** The partition that coordinates "billing", as its Raft group. */
function coordinators(): readonly { readonly group: number }[] {
  return broker(1).node.places.size === 0
    ? []
    : [...broker(1).node.places].flatMap(([group, { topic }]) =>
        topic.name === CONSUMER_GROUPS_TOPIC ? [{ group }] : [],
      )
}

test('a member is given all partitions by any broker, and the topic of the coordinators is made for it', async () => {
  expect(broker(1).node.api.topicIdOf(CONSUMER_GROUPS_TOPIC)).toBeUndefined()
  const joined = await ask(2, beat('a', 0))
  expect(partitions(joined.assignment)).toEqual([0, 1, 2, 3])
  expect(joined.assignment[0]).toMatchObject({ topic: 'flights', topicId, offset: -1 })
  expect(coordinators()).toHaveLength(COORDINATORS)
  expect((await ask(3, describeIt)).members).toMatchObject([{ id: 'a', principal: 'User:ann', host: '10.0.0.1' }])
})

test('nothing is made by those that only ask', async () => {
  await expect(ask(1, describeIt)).rejects.toThrow(coded('UNKNOWN_CONSUMER_GROUP'))
  await expect(ask(1, beat('a', 5))).rejects.toThrow(coded('FENCED_MEMBER'))
  expect(await during(cluster, broker(1).node.consumerGroups.for(ann).list())).toEqual([])
  expect(coordinators()).toEqual([])
})

test('a second member gets its half when the first one has given it back, at once', async () => {
  const first = await ask(1, beat('a', 0))
  let told: ConsumerGroupBeatReply | null = null
  const waiting = broker(1).node.consumerGroups.for(ann)
  void waiting.ask(beat('a', first.epoch, { waitMs: 5000, owned: first.assignment })).then((reply) => (told = reply))
  await cluster.clock.advance(1000)
  expect(told).toBeNull()
  const second = await ask(2, beat('b', 0))
  expect(second.assignment).toEqual([])
  await until(cluster, () => told !== null)
  const { epoch, revoke, assignment } = told!
  expect([revoke.length, assignment.length]).toEqual([2, 4])
  // A commit under a lease that is to be given back counts.
  const last = assignment.find(({ partition }) => partition === revoke[0]!.partition)!
  expect(await ask(1, commit('a', position(last.partition, last.token, 7)))).toEqual({ kind: 'committed', fenced: [] })
  const kept = owned(told!)
  const after = await ask(1, beat('a', epoch, { owned: kept }))
  expect(partitions(after.assignment)).toEqual(partitions(kept))
  const next = await ask(3, beat('b', second.epoch))
  expect(partitions(next.assignment)).toEqual(partitions(revoke))
  expect(next.assignment.find(({ partition }) => partition === last.partition)).toMatchObject({
    offset: 7,
    metadata: 'at 7',
  })
  expect(await ask(1, commit('a', position(last.partition, last.token, 8)))).toMatchObject({
    fenced: [{ topicId, partition: last.partition }],
  })
})

test('a member that is not heard is taken out after its session, and not before', async () => {
  const first = await ask(1, beat('a', 0))
  const second = await ask(2, beat('b', 0, { sessionMs: 60_000 }))
  await cluster.clock.advance(9000)
  expect((await ask(1, beat('b', second.epoch, { sessionMs: 60_000 }))).assignment).toEqual([])
  // A tenth more, since clocks differ.
  await cluster.clock.advance(2500)
  expect(partitions((await ask(1, beat('b', second.epoch, { sessionMs: 60_000 }))).assignment)).toEqual([0, 1, 2, 3])
  await expect(ask(1, beat('a', first.epoch, { owned: first.assignment }))).rejects.toThrow(coded('FENCED_MEMBER'))
})

test('a member leaves by any broker, a named one for a while, too', async () => {
  for (const id of [1, 2, 3]) {
    await ask(id, beat(`m-${id}`, 0, { instance: `s-${id}` }))
    expect((await ask(id, beat(`m-${id}`, -2, { instance: `s-${id}` }))).assignment).toEqual([])
    expect((await ask(1, describeIt)).members).toHaveLength(1)
    expect((await ask(id, beat(`m-${id}`, -1, { instance: `s-${id}` }))).assignment).toEqual([])
    // It has kept nothing, so it is gone with its last member.
    await expect(ask(1, describeIt)).rejects.toThrow(coded('UNKNOWN_CONSUMER_GROUP'))
  }
})

test('a new coordinator moves nothing, and gives everyone a whole session', async () => {
  const first = await ask(1, beat('a', 0))
  await ask(1, commit('a', position(0, first.assignment[0]!.token, 3)))
  await cluster.clock.advance(8000)
  for (const { group } of coordinators()) cluster.world.elect(group, (cluster.world.leaderOf(group) % 3) + 1)
  await cluster.clock.advance(8000)
  const again = await ask(2, beat('a', first.epoch, { owned: first.assignment }))
  expect(again.assignment.map(({ token }) => token)).toEqual(first.assignment.map(({ token }) => token))
  expect(again.assignment[0]).toMatchObject({ offset: 3 })
})

test('a broker keeps the groups through a restart', async () => {
  const first = await ask(1, beat('a', 0))
  await ask(1, commit('a', position(2, first.assignment[2]!.token, 11)))
  const { data } = broker(2)
  await cluster.kill(broker(2))
  const restarted = await cluster.start(2, [1, 2, 3], data)
  cluster.linkAll()
  await cluster.clock.advance(3000)
  for (const { group } of coordinators()) cluster.world.elect(group, 2)
  const described = await ask(2, describeIt)
  expect(described.partitions.find(({ partition }) => partition === 2)).toMatchObject({ offset: 11, member: 'a' })
  expect(restarted.logged.filter((line) => line.includes('cannot'))).toEqual([])
})

test('a beat that waits at a coordinator that is deposed is answered by the next one', async () => {
  const first = await ask(1, beat('a', 0))
  let told: ConsumerGroupBeatReply | null = null
  const waits = beat('a', first.epoch, { waitMs: 5000, owned: first.assignment })
  void broker(1)
    .node.consumerGroups.for(ann)
    .ask(waits)
    .then((reply) => (told = reply))
  await cluster.clock.advance(500)
  for (const { group } of coordinators()) cluster.world.elect(group, (cluster.world.leaderOf(group) % 3) + 1)
  await cluster.clock.advance(500)
  expect(told).toMatchObject({ assignment: first.assignment })
})

test('one round confirms the coordinator for all beats that came before it', async () => {
  const members = ['a', 'b', 'c', 'd']
  const joined = new Map<string, ConsumerGroupBeatReply>()
  for (const member of members) joined.set(member, await ask(1, beat(member, 0, { sessionMs: 60_000 })))
  // What each has was changed by those that came after it.
  for (const member of members) joined.set(member, await ask(1, settledBeat(member, joined.get(member)!)))
  for (const member of members) joined.set(member, await ask(1, settledBeat(member, joined.get(member)!)))
  let rounds = 0
  for (const { group } of coordinators()) {
    const leader = broker(cluster.world.leaderOf(group)).groups.get(group)!
    const confirmed = leader.confirmed.bind(leader)
    leader.confirmed = (linearizable = false) => {
      if (linearizable) rounds += 1
      return confirmed()
    }
  }
  const api = broker(1).node.consumerGroups.for(ann)
  let answered = 0
  for (const member of members) {
    void api.ask({ ...settledBeat(member, joined.get(member)!), waitMs: 5000 }).then(() => (answered += 1))
    await cluster.clock.advance(1000)
  }
  expect([answered, rounds]).toEqual([0, 0])
  await cluster.clock.advance(5000)
  expect([answered, rounds]).toEqual([4, 1])
})

test('a member whose answer was lost does not wait for it', async () => {
  const first = await ask(1, beat('a', 0, { sessionMs: 60_000 }))
  await ask(2, beat('b', 0, { sessionMs: 60_000 }))
  // Its answer asks for partitions back, and is lost.
  expect((await ask(1, beat('a', first.epoch, { owned: first.assignment, sessionMs: 60_000 }))).revoke).toHaveLength(2)
  const began = cluster.clock.monotonic()
  const again = await ask(1, beat('a', first.epoch, { owned: first.assignment, sessionMs: 60_000, waitMs: 20_000 }))
  expect([again.revoke.length, cluster.clock.monotonic() - began < 1000]).toEqual([2, true])
  await ask(1, beat('a', again.epoch, { owned: first.assignment, sessionMs: 60_000, waitMs: 20_000 }))
  expect(cluster.clock.monotonic() - began).toBeGreaterThan(15_000)
})

test('a beat that waits is answered when the next one of its member comes, and takes no news from it', async () => {
  const joined = await ask(1, beat('a', 0))
  const { token, partition } = joined.assignment[1]!
  const delay = { topic: 'flights', topicId, partition, token, offset: 4, delayMs: 2000, attempt: 2 }
  await ask(1, { kind: 'delay', group: 'billing', member: 'a', ...delay })
  const waits = beat('a', joined.epoch, { waitMs: 5000, owned: joined.assignment })
  let answered = 0
  const api = broker(1).node.consumerGroups.for(ann)
  void api.ask(waits).then(() => (answered += 1))
  await cluster.clock.advance(500)
  // The member does not look at the answer to the first one any more.
  await ask(1, beat('a', joined.epoch, { owned: joined.assignment }))
  expect(answered).toBe(1)
  await cluster.clock.advance(2500)
  const began = cluster.clock.monotonic()
  expect((await ask(1, waits)).due).toHaveLength(1)
  expect(cluster.clock.monotonic() - began).toBeLessThan(1000)
})

test('without a coordinator a request fails with a code that says to try again', async () => {
  await ask(1, beat('a', 0))
  for (const other of [2, 3]) await cluster.kill(broker(other))
  await expect(ask(1, describeIt)).rejects.toThrow(coded('COORDINATOR_UNAVAILABLE'))
})

test('a new topic, and one that is deleted, change who has what', async () => {
  const joined = await ask(1, beat('a', 0, { subscribed: { topics: [], patterns: ['fl*', 'orders'] } }))
  expect(joined.assignment).toHaveLength(4)
  await during(cluster, broker(1).node.api.createTopic({ name: 'orders', partitions: 2, replicas: 1 }))
  await cluster.clock.advance(100)
  const more = await ask(1, beat('a', joined.epoch, { owned: joined.assignment }))
  expect(more.assignment).toHaveLength(6)
  await during(cluster, broker(1).node.api.deleteTopic('flights'))
  await cluster.clock.advance(100)
  const less = await ask(1, beat('a', more.epoch, { owned: more.assignment }))
  expect(less.revoke).toHaveLength(4)
})

test('partitions that are added to a topic have a member, too', async () => {
  const joined = await ask(1, beat('a', 0))
  await during(cluster, broker(1).node.admin.addPartitions('flights', 6))
  await cluster.clock.advance(100)
  const more = await ask(1, beat('a', joined.epoch, { owned: joined.assignment }))
  expect(partitions(more.assignment)).toEqual([0, 1, 2, 3, 4, 5])
})

describe('positions from outside', () => {
  it('are set, moved back and removed while the group has no members', async () => {
    const positions = [position(1, 0, 20)]
    await ask(1, { kind: 'alter', group: 'billing', remove: false, positions })
    expect((await ask(2, describeIt)).partitions).toMatchObject([{ partition: 1, offset: 20, member: '', lag: 0 }])
    await ask(1, commit('', position(1, 0, 5)))
    expect((await ask(2, describeIt)).partitions).toMatchObject([{ offset: 5 }])
    await ask(3, { kind: 'alter', group: 'billing', remove: true, positions: [] })
    await expect(ask(1, describeIt)).rejects.toThrow(coded('UNKNOWN_CONSUMER_GROUP'))
  })

  it('are refused while it has members', async () => {
    await ask(1, beat('a', 0))
    const refused = coded('CONSUMER_GROUP_ACTIVE')
    await expect(ask(1, { kind: 'alter', group: 'billing', remove: true, positions: [] })).rejects.toThrow(refused)
    await expect(ask(1, commit('', position(1, 0, 5)))).rejects.toThrow(refused)
  })
})

test('a delayed record comes to the member that has its partition when its time has come', async () => {
  const joined = await ask(1, beat('a', 0))
  const { token, partition } = joined.assignment[1]!
  const delay = { topic: 'flights', topicId, partition, token, offset: 4, delayMs: 3000, attempt: 2 }
  await ask(1, { kind: 'delay', group: 'billing', member: 'a', ...delay })
  let told: ConsumerGroupBeatReply | null = null
  await ask(1, beat('a', joined.epoch, { owned: joined.assignment }))
  const waits = beat('a', joined.epoch, { waitMs: 5000, owned: joined.assignment })
  void broker(1)
    .node.consumerGroups.for(ann)
    .ask(waits)
    .then((reply) => (told = reply))
  await cluster.clock.advance(1500)
  expect(told).toBeNull()
  await cluster.clock.advance(1700)
  expect(told).toMatchObject({ due: [{ topicId, partition, offset: 4, attempt: 2, token }] })
  await ask(1, commit('a', { ...position(partition, token, 4), done: true }))
  expect((await ask(1, beat('a', told!.epoch, { owned: joined.assignment }))).due).toEqual([])
})

describe('what nobody needs any more', () => {
  const EXPIRATION_MS = 120_000
  const isGone = coded('UNKNOWN_CONSUMER_GROUP')

  beforeEach(async () => {
    cluster = await TestCluster.of(3, [], [], { consumerGroupExpirationMs: EXPIRATION_MS })
    const created = broker(1).node.api.createTopic({ name: 'flights', partitions: 4, replicas: 3 })
    topicId = (await during(cluster, created)).id
  })

  it('is a group without members after its time, at any coordinator', async () => {
    const joined = await ask(1, beat('a', 0, { group: 'used', sessionMs: 600_000 }))
    await ask(1, { ...commit('a', position(0, joined.assignment[0]!.token, 3)), group: 'used' })
    await ask(1, commit('', position(0, 0, 5)))
    await cluster.clock.advance(EXPIRATION_MS - 10_000)
    for (const { group } of coordinators()) cluster.world.elect(group, (cluster.world.leaderOf(group) % 3) + 1)
    expect((await ask(2, describeIt)).partitions).toMatchObject([{ offset: 5 }])
    await cluster.clock.advance(80_000)
    await expect(ask(2, describeIt)).rejects.toThrow(isGone)
    const { partitions: kept } = await ask(2, { kind: 'describe', group: 'used' })
    expect(kept.map(({ offset }) => offset)).toEqual([3, -1, -1, -1])
  })

  it('are positions in a deleted topic, also where the group goes on with others', async () => {
    const more = broker(1).node.api.createTopic({ name: 'orders', partitions: 1, replicas: 3 })
    await during(cluster, more)
    const subscribed = { topics: ['flights', 'orders'], patterns: [] }
    const joined = await ask(1, beat('a', 0, { subscribed, sessionMs: 600_000 }))
    const flights = joined.assignment.filter(({ topic }) => topic === 'flights')
    await ask(1, commit('a', ...flights.map(({ partition, token }) => position(partition, token, 7))))
    await ask(1, { ...commit('', position(0, 0, 5)), group: 'other' })
    await during(cluster, broker(1).node.api.deleteTopic('flights'))
    await cluster.clock.advance(100)
    const told = await ask(1, beat('a', joined.epoch, { sessionMs: 600_000, owned: joined.assignment }))
    await ask(1, beat('a', told.epoch, { sessionMs: 600_000, owned: owned(told) }))
    await cluster.clock.advance(61_000)
    expect((await ask(1, describeIt)).partitions.map(({ topic }) => topic)).toEqual(['orders'])
    await expect(ask(1, { kind: 'describe', group: 'other' })).rejects.toThrow(isGone)
  })
})

test('all groups are listed, whoever coordinates them', async () => {
  const names = Array.from({ length: 40 }, (_, number) => `group-${number}`)
  for (const group of names) await ask(1, beat('a', 0, { group }))
  const listed = await during(cluster, broker(2).node.consumerGroups.for(ann).list())
  expect(listed.map(({ group }) => group)).toEqual([...names].sort())
  expect(listed[0]).toMatchObject({ state: 'stable', members: 1, topics: ['flights'], lag: 0 })
})

test('a list tells how many handlers are stuck, to each broker in its own name', async () => {
  const joined = await ask(1, beat('a', 0))
  const stuck = joined.assignment
    .slice(0, 2)
    .map(({ partition }) => ({ topicId, partition, offset: 3, sinceMs: 70_000 }))
  await ask(1, beat('a', joined.epoch, { owned: joined.assignment, stuck }))
  for (const id of [1, 2, 3]) {
    const { own } = broker(id).node.consumerGroups
    expect(await during(cluster, own.list())).toMatchObject([{ group: 'billing', stuck: 2 }])
    expect((await during(cluster, own.ask(describeIt))).members[0]?.stuck).toHaveLength(2)
  }
  await ask(1, beat('a', joined.epoch, { owned: joined.assignment }))
  expect(await during(cluster, broker(2).node.consumerGroups.own.list())).toMatchObject([{ stuck: 0 }])
})

test('below its feature level nothing is made', async () => {
  const old = { ...featureLevels, highest: 2 }
  cluster = await TestCluster.of(3, [featureLevels, featureLevels, old])
  await expect(ask(1, beat('a', 0))).rejects.toThrow(coded('FEATURE_LEVEL_TOO_LOW'))
  const request = { name: CONSUMER_GROUPS_TOPIC, partitions: 1, replicas: 1 }
  await expect(during(cluster, broker(1).node.api.createTopic(request))).rejects.toThrow(coded('FEATURE_LEVEL_TOO_LOW'))
})

test('a topic of clients that has the name of that of the coordinators blocks the level', () => {
  const state = new MetadataState()
  const stamp = { at: 1, broker: 1, by: '' }
  const partitions = [{ replicas: [1] }]
  const create = { type: 'create-topic', name: CONSUMER_GROUPS_TOPIC, topicId: 'i', config: {}, partitions } as const
  state.apply(1, { id: 'a', command: create })
  const raised = (index: number, level: number) => {
    return state.apply(index, { id: `l${index}`, command: { type: 'set-feature-level', level, ...stamp } }).result
  }
  expect(raised(2, 2)).toMatchObject({ ok: true })
  expect(raised(3, 3)).toMatchObject({ ok: false, code: 'TOPIC_EXISTS' })
  state.apply(4, { id: 'd', command: { type: 'delete-topic', name: CONSUMER_GROUPS_TOPIC } })
  expect(raised(5, 3)).toMatchObject({ ok: true })
})

test('a member that leaves for now keeps its leases; its instance takes them over with new tokens', async () => {
  const first = await ask(1, beat('a', 0, { instance: 'pod-1' }))
  const other = await ask(2, beat('b', 0, { sessionMs: 60_000 }))
  const asked = await ask(1, beat('a', first.epoch, { instance: 'pod-1', owned: first.assignment }))
  const kept = await ask(1, beat('a', asked.epoch, { instance: 'pod-1', owned: owned(asked) }))
  await ask(1, beat('a', -2, { instance: 'pod-1' }))
  const same = await ask(2, beat('b', other.epoch, { sessionMs: 60_000 }))
  expect(same.assignment).toHaveLength(2)
  const earlier = await ask(3, beat('c', 0, { instance: 'pod-1' }))
  // Its first beat takes nothing: it may come from a process that is gone.
  expect(earlier.assignment).toEqual([])
  await ask(1, beat('d', 0, { instance: 'pod-1' }))
  await expect(ask(3, beat('c', earlier.epoch, { instance: 'pod-1' }))).rejects.toThrow(coded('INSTANCE_TAKEN'))
  const asking = await ask(3, beat('e', 0, { instance: 'pod-1' }))
  const again = await ask(3, beat('e', asking.epoch, { instance: 'pod-1' }))
  expect(partitions(again.assignment)).toEqual(partitions(kept.assignment))
  const [former, present] = [kept, again].map(({ assignment }) => assignment.map(({ token }) => token))
  expect(Math.min(...present!)).toBeGreaterThan(Math.max(...former!))
  await expect(ask(1, beat('a', kept.epoch, { instance: 'pod-1' }))).rejects.toThrow(coded('INSTANCE_TAKEN'))
  await expect(ask(1, beat('a', kept.epoch, { instance: 'pod-2' }))).rejects.toThrow(coded('FENCED_MEMBER'))
  await expect(ask(1, commit('a', position(kept.assignment[0]!.partition, former![0]!, 5)))).rejects.toThrow(
    coded('FENCED_MEMBER'),
  )
})

describe('the end of the connection of a member', () => {
  const members = async () => (await ask(1, describeIt)).members.map(({ id }) => id)
  const on = (via: string, number: number) => ({ via, number })
  const ended = (via: string) => ask(2, beat('a', -3, { via }))

  it('that carried its last beat has it taken out after a moment, and not before', async () => {
    const { epoch } = await ask(1, beat('a', 0, on('1.x', 1)))
    await ask(3, beat('b', 0, { sessionMs: 60_000 }))
    await ask(1, beat('a', epoch, on('1.x', 2)))
    expect(await ended('1.x')).toMatchObject({ kind: 'beaten', assignment: [] })
    await cluster.clock.advance(400)
    expect(await members()).toEqual(['a', 'b'])
    await cluster.clock.advance(400)
    expect(await members()).toEqual(['b'])
    await expect(ask(1, beat('a', epoch, on('1.z', 3)))).rejects.toThrow(coded('FENCED_MEMBER'))
  })

  it('changes nothing when it beats in time, or has beaten elsewhere', async () => {
    const { epoch } = await ask(1, beat('a', 0, on('1.x', 1)))
    await ended('1.x')
    await ask(1, beat('a', epoch, on('3.z', 2)))
    await cluster.clock.advance(2000)
    await ended('1.x')
    await ended('1.y')
    await ended('')
    await cluster.clock.advance(2000)
    expect(await members()).toEqual(['a'])
  })

  it('leaves a static member its session, and one whose beats have no number', async () => {
    await ask(1, beat('a', 0, { ...on('1.x', 1), instance: 'pod-1' }))
    await ended('1.x')
    await cluster.clock.advance(2000)
    expect(await members()).toEqual(['a'])
    await ask(1, beat('c', 0, on('1.x', 0)))
    await ask(1, beat('c', -3, { via: '1.x' }))
    await cluster.clock.advance(2000)
    expect(await members()).toEqual(['a', 'c'])
  })
})

test('a member that leaves gives its partitions to the others at once', async () => {
  await ask(1, beat('a', 0))
  const other = await ask(2, beat('b', 0))
  await ask(1, beat('a', -1))
  expect((await ask(2, beat('b', other.epoch))).assignment).toHaveLength(4)
})

test('handlers that are stuck are told of, as long as the member has the partition', async () => {
  const joined = await ask(1, beat('a', 0))
  const stuck = [{ topicId, partition: 2, offset: 7, sinceMs: 1000 }]
  await ask(1, beat('a', joined.epoch, { owned: joined.assignment, stuck }))
  await cluster.clock.advance(500)
  const [member] = (await ask(1, describeIt)).members
  expect(member!.stuck).toMatchObject([{ topic: 'flights', partition: 2, offset: 7 }])
  expect(member!.stuck[0]!.sinceMs).toBeGreaterThanOrEqual(1500)
  const figures = () => [1, 2, 3].map((id) => broker(id).node.coordinators.figures())
  const sum = (of: 'groups' | 'members' | 'stuck') => figures().reduce((all, some) => all + some[of], 0)
  expect([sum('groups'), sum('members'), sum('stuck')]).toEqual([1, 1, 1])
  await ask(1, beat('a', joined.epoch, { owned: joined.assignment }))
  expect(sum('stuck')).toBe(0)
})

test('a pattern matches only topics that the member may read, by the rules of its coordinator', async () => {
  cluster = new TestCluster()
  cluster.access = { mode: 'required', superUsers: ['User:root'] }
  for (const id of [1, 2, 3]) await cluster.start(id, [1, 2, 3])
  cluster.linkAll()
  await cluster.clock.advance(2000)
  for (const name of ['flights', 'flights.secret']) {
    await during(cluster, broker(1).node.api.createTopic({ name, partitions: 2, replicas: 1 }))
  }
  const allow = (type: 'topic' | 'group', name: string) => {
    const rule = { principal: 'User:ann', host: '*', operation: 'read', permission: 'allow' } as const
    const acl = { ...rule, resource: { type, name, pattern: 'literal' } } as const
    return during(cluster, broker(1).node.security.addAcls([acl]))
  }
  await allow('topic', 'flights')
  const joins = beat('a', 0, { subscribed: { topics: [], patterns: ['flights*'] } })
  // Each broker on the way asks its own rules: the coordinator may be any of them.
  const outcomes = await Promise.all(
    [1, 2, 3].map((id) => ask(id, { ...joins, group: 'other' }).catch(({ code }: { code: string }) => code)),
  )
  expect(outcomes.filter((outcome) => outcome === 'AUTHORIZATION_FAILED').length).toBeGreaterThanOrEqual(2)
  await allow('group', 'billing')
  const joined = await ask(1, joins)
  expect(new Set(joined.assignment.map(({ topic }) => topic))).toEqual(new Set(['flights']))
  // Rules that come later count, too.
  await allow('topic', 'flights.secret')
  await cluster.clock.advance(100)
  const more = await ask(1, beat('a', joined.epoch, { owned: joined.assignment }))
  expect(new Set(more.assignment.map(({ topic }) => topic))).toEqual(new Set(['flights', 'flights.secret']))
})
