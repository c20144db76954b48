import { describe, expect, test } from 'vitest'
import type { BalanceDescription } from '../../api/upkeep-api.ts'
import { during, until } from '../testing/running.ts'
import { TestCluster } from '../testing/test-cluster.ts'

const BALANCE_MS = 5000
const all = (cluster: TestCluster) => [...cluster.brokers.values()]
const places = (cluster: TestCluster, id = 1) => cluster.broker(id).node.api.routing(['t']).topics[0]!.partitions
const replicas = (cluster: TestCluster) =>
  all(cluster).map(({ id }) => places(cluster, all(cluster)[0]!.id).filter((some) => some.replicas.includes(id)).length)
const assigned = (cluster: TestCluster) =>
  all(cluster)
    .flatMap(({ logged }) => logged)
    .filter((line) => line === 'a replica or a leadership moves').length

async function withTopic(
  brokers: number,
  partitions: number,
  settings: { balanceMs?: number; replaceAfterMs?: number },
) {
  const cluster = await TestCluster.of(brokers, [], [], settings)
  const creation = cluster.broker(1).node.api.createTopic({ name: 't', partitions, replicas: 3 })
  await during(cluster, creation)
  return cluster
}

/** A new broker, linked to all. */
async function join(cluster: TestCluster, id: number): Promise<void> {
  await cluster.start(id, [1])
  cluster.linkAll()
  await cluster.clock.advance(5000)
}

describe('by itself', () => {
  test('a new broker gets its share, and then nothing moves', async () => {
    const cluster = await withTopic(3, 12, { balanceMs: BALANCE_MS })
    await join(cluster, 4)
    const leader = () => cluster.broker(cluster.world.leaderOf(0)!).node.balance
    await until(cluster, () => leader().imbalance > 0.3, 'a look')
    await until(cluster, () => replicas(cluster).join() === '9,9,9,9', 'the balance')
    const moved = assigned(cluster)
    await cluster.clock.advance(10 * BALANCE_MS)
    expect([assigned(cluster), replicas(cluster).join()]).toEqual([moved, '9,9,9,9'])
    const { imbalance, moves } = leader()
    const counts = Object.fromEntries([...moves.entries()].map(([labels, count]) => [labels.join(' '), count]))
    expect(counts).toMatchObject({ 'replica load': 9, 'replica leaving': 0, 'replica racks': 0, 'leader leaving': 0 })
    expect(counts['replica load']! + counts['leader load']!).toBe(moved)
    expect(imbalance).toBeLessThan(0.1)
    for (const { node, id } of all(cluster))
      if (id !== cluster.world.leaderOf(0)) expect(node.balance.imbalance).toBe(0)
    expect(cluster.world.treasons).toEqual([])
  })

  test('also where the metadata leader is another one in between', async () => {
    const cluster = await withTopic(3, 12, { balanceMs: BALANCE_MS })
    await join(cluster, 4)
    await until(cluster, () => replicas(cluster)[3]! > 0, 'the first move')
    const next = [1, 2, 3].find((id) => id !== cluster.world.leaderOf(0))!
    cluster.world.elect(0, next)
    await until(cluster, () => replicas(cluster).join() === '9,9,9,9', 'the balance')
    expect(cluster.world.treasons).toEqual([])
  })

  test('not with a setting of 0, until an operator asks for it; then the wish is done', async () => {
    const cluster = await withTopic(3, 12, {})
    await join(cluster, 4)
    await cluster.clock.advance(300_000)
    expect([assigned(cluster), replicas(cluster)[3]]).toEqual([0, 0])
    const admin = cluster.broker(2).node.admin
    const planned: BalanceDescription = await during(cluster, admin.balance())
    expect(planned).toMatchObject({ balancing: false, more: 0 })
    expect(planned.brokers.map((share) => share.replicas)).toEqual([12, 12, 12, 0])
    expect(planned.moves.filter(({ kind }) => kind === 'replica')).toHaveLength(9)
    expect(assigned(cluster)).toBe(0)
    await during(cluster, admin.setBalancing(true, 'ann'))
    await until(cluster, () => replicas(cluster).join() === '9,9,9,9', 'the balance')
    await cluster.clock.advance(60_000)
    const after = await during(cluster, admin.balance())
    expect(after).toMatchObject({ balancing: false, moves: [] })
    expect((await admin.audit()).map(({ action }) => action).slice(0, 2)).toEqual(['balanced', 'balance'])
  })

  test('the wish of an operator is not done before a broker that has just come has its share', async () => {
    const cluster = await withTopic(3, 12, { replaceAfterMs: 3_600_000 })
    await cluster.clock.advance(200_000)
    await join(cluster, 4)
    const admin = cluster.broker(2).node.admin
    await during(cluster, admin.setBalancing(true, 'ann'))
    await until(cluster, () => replicas(cluster).join() === '9,9,9,9', 'the balance')
    await cluster.clock.advance(60_000)
    expect(await during(cluster, admin.balance())).toMatchObject({ balancing: false, moves: [] })
  })

  test('a broker that tells nothing is planned without, and nothing moves for load', async () => {
    const cluster = await withTopic(3, 6, { balanceMs: BALANCE_MS })
    await join(cluster, 4)
    for (const broker of all(cluster)) broker.unanswered.add('BrokerLoad')
    await cluster.clock.advance(10 * BALANCE_MS)
    expect(assigned(cluster)).toBe(0)
  })
})

describe('a broker that is drained', () => {
  test('gets nothing new, gives its replicas and leaderships away, and can be removed then', async () => {
    const cluster = await withTopic(4, 8, {})
    const admin = cluster.broker(1).node.admin
    await expect(during(cluster, admin.removeBroker(4))).rejects.toMatchObject({
      code: 'BROKER_IN_USE',
      message: expect.stringMatching(/holds 6 replicas, of t\/.* and 1 more and votes in the metadata group/),
    })
    await during(cluster, admin.setDraining(4, true, 'ann'))
    const { brokers } = await cluster.broker(2).node.api.describeCluster()
    expect(brokers.map(({ draining }) => draining === true)).toEqual([false, false, false, true])
    await until(cluster, () => replicas(cluster)[3] === 0, 'its replicas to go')
    expect(places(cluster).every(({ leader }) => leader !== 4)).toBe(true)
    await during(cluster, cluster.broker(1).node.api.createTopic({ name: 'n', partitions: 4, replicas: 3 }))
    const created = cluster.broker(1).node.api.routing(['n']).topics[0]!.partitions
    expect(created.every((some) => !some.replicas.includes(4))).toBe(true)
    await until(cluster, () => !cluster.world.group(0).configuration!.voters.includes(4), 'its vote to go')
    expect(cluster.world.group(0).configuration!.voters).toHaveLength(3)
    expect(cluster.world.treasons).toEqual([])
    await during(cluster, admin.removeBroker(4))
  })

  test('counts like all others again when that is called off', async () => {
    const cluster = await withTopic(4, 8, { balanceMs: BALANCE_MS })
    const admin = cluster.broker(1).node.admin
    await during(cluster, admin.setDraining(4, true))
    await until(cluster, () => replicas(cluster)[3] === 0, 'its replicas to go')
    await during(cluster, admin.setDraining(4, false))
    await until(cluster, () => replicas(cluster).join() === '6,6,6,6', 'the balance')
    await expect(during(cluster, admin.setDraining(9, true))).rejects.toMatchObject({ code: 'UNKNOWN_BROKER' })
  })

  test('keeps what nobody else can take, and says so', async () => {
    const cluster = await withTopic(3, 3, {})
    const admin = cluster.broker(1).node.admin
    await during(cluster, admin.setDraining(3, true))
    await cluster.clock.advance(60_000)
    expect(replicas(cluster)).toEqual([3, 3, 3])
    expect(places(cluster).filter((some) => some.replicas[0] === 3)).toEqual([])
    await expect(during(cluster, admin.removeBroker(3))).rejects.toMatchObject({ code: 'BROKER_IN_USE' })
  })
})

describe('a broker that is away', () => {
  const REPLACE_MS = 120_000

  test('is replaced after the time that is set, and not before', async () => {
    const cluster = await withTopic(4, 8, { balanceMs: BALANCE_MS, replaceAfterMs: REPLACE_MS })
    const gone = cluster.broker(4)
    await cluster.kill(gone)
    await cluster.clock.advance(REPLACE_MS - 10_000)
    expect(places(cluster).some((some) => some.replicas.includes(4))).toBe(true)
    await until(cluster, () => places(cluster).every((some) => !some.replicas.includes(4)), 'the replacement')
    // Back again it deletes what others hold now.
    await cluster.start(4, [1, 2, 3, 4], gone.data)
    cluster.linkAll()
    await until(cluster, () => gone.data.logs.size === 1, 'its old replicas to go')
    expect(cluster.world.treasons).toEqual([])
  })

  test('is not with a setting of 0, nor where nobody can take its replicas', async () => {
    const never = await withTopic(4, 8, {})
    await never.kill(never.broker(4))
    await never.clock.advance(10 * REPLACE_MS)
    expect(assigned(never)).toBe(0)
    const three = await withTopic(3, 3, { balanceMs: BALANCE_MS, replaceAfterMs: REPLACE_MS })
    await three.kill(three.broker(3))
    await three.clock.advance(10 * REPLACE_MS)
    expect(places(three).every((some) => some.replicas.includes(3))).toBe(true)
  })
})

test('a broker whose disk is nearly full gets no replica of a new topic while others can', async () => {
  const cluster = await withTopic(4, 4, { balanceMs: BALANCE_MS })
  const replicasOf = async (name: string): Promise<Set<number>> => {
    await during(cluster, cluster.broker(1).node.api.createTopic({ name, partitions: 8, replicas: 3 }))
    return new Set(
      cluster
        .broker(1)
        .node.api.routing([name])
        .topics[0]!.partitions.flatMap((some) => some.replicas),
    )
  }
  cluster.broker(4).freeBytes = 2 ** 31
  await cluster.clock.advance(3 * BALANCE_MS)
  expect(await replicasOf('full')).toEqual(new Set([1, 2, 3]))
  cluster.broker(4).freeBytes = 2 ** 40
  await cluster.clock.advance(3 * BALANCE_MS)
  expect(await replicasOf('free')).toEqual(new Set([1, 2, 3, 4]))
})

test('a partition whose change has failed is left alone for a while', async () => {
  const cluster = await withTopic(3, 6, { balanceMs: BALANCE_MS })
  await join(cluster, 4)
  cluster.world.isolated.add(4)
  await until(
    cluster,
    () => all(cluster).some(({ logged }) => logged.includes('a change of replicas has ended')),
    'a failure',
  )
  await cluster.clock.advance(120_000)
  const failed = assigned(cluster)
  await cluster.clock.advance(120_000)
  expect(assigned(cluster)).toBe(failed)
})
