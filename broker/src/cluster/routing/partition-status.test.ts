import { BatchWriter } from '@tailrace/schemas'
import { beforeEach, describe, expect, test } from 'vitest'
import type { PartitionDescription } from '../../api/broker-api.ts'
import { MetadataState, type Topic } from '../metadata/metadata-state.ts'
import type { TestBroker } from '../testing/test-cluster.ts'
import { TestCluster } from '../testing/test-cluster.ts'
import { PartitionStatus, type PartitionStatusDeps } from './partition-status.ts'

let cluster: TestCluster
let leader: TestBroker
let other: TestBroker

function batch(value: string): Uint8Array {
  const writer = new BatchWriter()
  writer.append({ timestamp: 0, key: null, value })
  return writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 })
}

beforeEach(async () => {
  cluster = await TestCluster.of(3)
  const created = cluster.broker(1).node.api.createTopic({ name: 't', partitions: 1, replicas: 3 })
  await cluster.clock.advance(3000)
  await created
  leader = cluster.broker(cluster.world.leaderOf(1))
  other = [...cluster.brokers.values()].find((broker) => broker !== leader)!
  const published = leader.node.api.publish('t', 0, batch('a'), { timeoutMs: 1000, wait: false })
  await cluster.clock.advance(10)
  await published
})

const figures = async (broker: TestBroker) => (await broker.node.api.describeTopic('t')).partitions[0]!

for (const from of ['the leader', 'another broker']) {
  const asked = (): TestBroker => (from === 'the leader' ? leader : other)

  test(`asked of ${from}: a leader that does not know yet which records were acknowledged is waited for`, async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    leader.groups.get(1)!.onConfirmed = () => promise
    let told: { leader: number; highWatermark: number } | null = null
    void figures(asked()).then((found) => (told = found))
    await cluster.clock.advance(100)
    expect(told).toBeNull()
    resolve()
    await cluster.clock.advance(10)
    expect(told).toMatchObject({ leader: leader.id, highWatermark: 1 })
  })

  test(`asked of ${from}: if it does not learn that in time, the partition has no leader`, async () => {
    leader.groups.get(1)!.onConfirmed = () => Promise.reject(new Error('an election timeout has passed'))
    const told = figures(asked())
    await cluster.clock.advance(10)
    expect(await told).toMatchObject({ leader: 0 })
  })
}

test('without the leader, the end is the last one that is known, from this broker or from another', async () => {
  const first = figures(other)
  await cluster.clock.advance(10)
  expect(await first).toMatchObject({ highWatermark: 1 })
  leader.groups.get(1)!.onConfirmed = () => Promise.reject(new Error('an election timeout has passed'))
  other.groups.get(1)!.highWatermark = 0
  const later = figures(other)
  await cluster.clock.advance(10)
  expect(await later).toMatchObject({ leader: 0, highWatermark: 1 })
  other.groups.get(1)!.highWatermark = 5
  const latest = figures(other)
  await cluster.clock.advance(10)
  expect(await latest).toMatchObject({ leader: 0, highWatermark: 5 })
})

describe('of a partition whose leader does not answer', () => {
  const figures = (term: number, inSync: number[], logStart: number) => ({
    group: 1,
    term,
    inSync,
    logStart,
    highWatermark: 0,
  })
  const topic = { partitions: [{ group: 1, replicas: [1, 2, 3] }] } as unknown as Topic
  type Told = ReturnType<typeof figures>

  /**
   * The figures that broker 1 gives, which knows `heard` from the leader, broker 2, and `here` from its own replica.
   */
  async function told(heard: Told | null, here: Told | null, ledHere = false): Promise<[readonly number[], number]> {
    let answer: Told | null = heard
    let led = false
    const replica = () => ({
      isLeader: led,
      term: here!.term,
      status: () => here,
      confirmed: () => Promise.reject(new Error('no')),
    })
    const status = new PartitionStatus({
      brokerId: 1,
      state: new MetadataState(),
      groups: { get: () => (here === null ? undefined : replica()) } as unknown as PartitionStatusDeps['groups'],
      directory: { lookup: () => ({ leader: 2, term: 3 }) } as unknown as PartitionStatusDeps['directory'],
      peers: {
        request: async () => {
          if (answer === null) throw new Error('no answer')
          return { fields: { partitions: [answer] }, body: new Uint8Array(0) }
        },
      } as unknown as PartitionStatusDeps['peers'],
    })
    await status.describe(topic)
    answer = null
    led = ledHere
    const [{ inSync, logStart }] = (await status.describe(topic)) as [PartitionDescription]
    return [inSync, logStart]
  }

  test.each([
    ['neither is known: none', null, null, [[], 0]],
    ['only its own replica is known', null, figures(3, [1], 4), [[1], 4]],
    ['only the leader was heard', figures(3, [2, 3], 5), null, [[2, 3], 5]],
    ['the leader was heard in the same term', figures(3, [2, 3], 5), figures(3, [1], 4), [[2, 3], 5]],
    ['the leader was heard in a later term', figures(4, [2, 3], 5), figures(3, [1], 4), [[2, 3], 5]],
    ['the leader was heard in an earlier term', figures(2, [2, 3], 5), figures(3, [1], 4), [[1], 4]],
    ['a leader of term 0 was heard', figures(0, [2, 3], 5), figures(0, [1], 4), [[2, 3], 5]],
  ])('%s', async (_, heard, here, expected) => {
    expect(await told(heard, here)).toEqual(expected)
  })

  test('its own figures are the later ones where it leads by now, though it may not tell the end', async () => {
    expect(await told(figures(4, [2, 3], 5), figures(3, [1], 4), true)).toEqual([[1], 4])
  })
})
