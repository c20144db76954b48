import { beforeEach, expect, test } from 'vitest'
import type { Asker } from '../../api/broker-api.ts'
import type {
  ConsumerGroupBeat,
  ConsumerGroupBeatReply,
  ConsumerGroupRequest,
  ConsumerGroupResultOf,
  DeclinedPartition,
  LeasedPartition,
} from '../../api/consumer-groups-api.ts'
import { CONSUMER_GROUPS_TOPIC } from '../../api/consumer-groups-api.ts'
import { during } from '../testing/running.ts'
import { TestCluster } from '../testing/test-cluster.ts'

const ann: Asker = { principal: 'User:ann', groups: [], host: '10.0.0.1', kind: 'scram', via: [] }

let cluster: TestCluster
let topicId: string
let members: Map<string, ConsumerGroupBeatReply>
let instances: Map<string, string>

beforeEach(async () => {
  cluster = await TestCluster.of(3)
  const created = { name: 'flights', partitions: 4, replicas: 3 }
  topicId = (await during(cluster, cluster.broker(1).node.api.createTopic(created))).id
  members = new Map()
  instances = new Map()
})

function ask<Request extends ConsumerGroupRequest>(request: Request): Promise<ConsumerGroupResultOf<Request>> {
  return during(cluster, cluster.broker(1).node.consumerGroups.for(ann).ask(request))
}

/** A member joins, or beats with what it holds and has not given up. */
async function beat(member: string, declined: readonly DeclinedPartition[] = []): Promise<ConsumerGroupBeatReply> {
  const known = members.get(member)
  const subscribed = known === undefined ? { topics: ['flights'], patterns: [] } : null
  const given = new Set([...(known?.revoke ?? []), ...declined].map(({ partition }) => partition))
  const owned = (known?.assignment ?? []).filter(({ partition }) => !given.has(partition))
  const common = { clientId: '', rack: '', sessionMs: 60_000, waitMs: 0, stuck: [] }
  const instance = instances.get(member) ?? ''
  const fields: ConsumerGroupBeat = {
    kind: 'beat',
    group: 'billing',
    member,
    epoch: known?.epoch ?? 0,
    subscribed,
    owned,
    declined,
    instance,
    ...common,
  }
  const reply = await ask(fields)
  members.set(member, reply)
  return reply
}

/** Two members with two partitions each. */
async function two(): Promise<[a: readonly LeasedPartition[], b: readonly LeasedPartition[]]> {
  for (const member of ['a', 'b', 'a', 'a', 'b']) await beat(member)
  return [members.get('a')!.assignment, members.get('b')!.assignment]
}

const declining = ({ partition, token }: LeasedPartition, ended = false): DeclinedPartition[] => {
  return [{ topicId, partition, token, ended }]
}
const tokens = ({ assignment }: ConsumerGroupBeatReply) => assignment.map(({ partition, token }) => [partition, token])
const commit = ({ partition, token }: LeasedPartition, member: string) => {
  const position = { topic: 'flights', topicId, partition, token, offset: 3, term: 1, metadata: '', done: false }
  return ask({ kind: 'commit', group: 'billing', member, positions: [position] })
}

async function newCoordinator(): Promise<void> {
  for (const [group, { topic }] of cluster.broker(1).node.places) {
    if (topic.name === CONSUMER_GROUPS_TOPIC) cluster.world.elect(group, (cluster.world.leaderOf(group) % 3) + 1)
  }
  await cluster.clock.advance(500)
}

test('a partition that a member declines goes to another one at once, under a later token, and no other moves', async () => {
  const [[stuck, other], others] = await two()
  const declined = declining(stuck!)
  const reply = await beat('a', declined)
  expect(tokens(reply)).toEqual([[other!.partition, other!.token]])
  expect([reply.revoke, reply.heedsDeclined]).toEqual([[], true])
  const { assignment } = await beat('b')
  const taken = assignment.find(({ partition }) => partition === stuck!.partition)!
  expect(taken.token).toBeGreaterThan(stuck!.token)
  expect(assignment).toEqual(expect.arrayContaining([...others]))
  expect(await commit(stuck!, 'a')).toMatchObject({ fenced: [{ topicId, partition: stuck!.partition }] })
  expect(await commit(taken, 'b')).toMatchObject({ fenced: [] })
  // As long as it declines it, nothing comes back.
  for (let count = 0; count < 3; count++) expect(tokens(await beat('a', declined))).toEqual(tokens(reply))

  await beat('a', declining(stuck!, true))
  await beat('b')
  await beat('b')
  expect((await beat('a')).assignment.map(({ partition }) => partition).sort()).toEqual(
    [stuck!.partition, other!.partition].sort(),
  )
})

test.each([false, true])(
  'one that nobody else can take waits for its handler to return, with a new coordinator: %s',
  async (isNew) => {
    await beat('a')
    const [stuck, ...rest] = members.get('a')!.assignment
    expect((await beat('a', declining(stuck!))).assignment).toEqual(rest)
    expect((await beat('a', declining(stuck!))).assignment).toEqual(rest)
    if (isNew) await newCoordinator()
    const again = (await beat('a', declining(stuck!, true))).assignment.find(
      ({ partition }) => partition === stuck!.partition,
    )
    expect(again!.token).toBeGreaterThan(stuck!.token)
    expect((await beat('a')).assignment).toHaveLength(4)
  },
)

test('a new coordinator that has not heard that a handler is stuck takes the partition away again', async () => {
  const [[stuck]] = await two()
  await beat('a', declining(stuck!))
  await newCoordinator()
  // Somebody comes before the stuck member beats.
  await beat('c')
  for (let round = 0; round < 3; round++) for (const member of ['b', 'c']) await beat(member)
  const known = members.get('a')!.assignment.find(({ partition }) => partition === stuck!.partition)
  expect(known).toBeUndefined()
  const given = (await beat('a', declining(stuck!))).assignment.find(({ partition }) => partition === stuck!.partition)
  if (given !== undefined) await beat('a', declining(given))
  const { partitions } = await ask({ kind: 'describe', group: 'billing' })
  const holder = partitions.find(({ partition }) => partition === stuck!.partition)!.member
  expect(['b', 'c']).toContain(holder)
})

test('a static member declines, too; the process that takes its place has all partitions again', async () => {
  instances = new Map([
    ['a', 'pod-1'],
    ['again', 'pod-1'],
  ])
  await beat('a')
  const [stuck] = members.get('a')!.assignment
  expect((await beat('a', declining(stuck!))).assignment).toHaveLength(3)
  // A process takes over an instance with its second beat.
  expect((await beat('again')).assignment).toEqual([])
  expect((await beat('again')).assignment).toHaveLength(4)
})

test('a handler that is stuck shows as long as its partition is declined', async () => {
  const [[stuck]] = await two()
  await beat('a', declining(stuck!))
  const { partition } = stuck!
  const told = { stuck: [{ topicId, partition, offset: 5, sinceMs: 70_000 }], declined: declining(stuck!) }
  const { epoch, assignment } = members.get('a')!
  const common = { clientId: '', rack: '', instance: '', sessionMs: 60_000, waitMs: 0, subscribed: null }
  await ask({ kind: 'beat', group: 'billing', member: 'a', epoch, owned: assignment, ...common, ...told })
  const stuckOf = async () => (await ask({ kind: 'describe', group: 'billing' })).members[0]!.stuck
  expect(await stuckOf()).toMatchObject([{ topic: 'flights', partition, offset: 5 }])
  await beat('a')
  expect(await stuckOf()).toEqual([])
})
