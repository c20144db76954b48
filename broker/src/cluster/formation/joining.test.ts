import { describe, expect, test } from 'vitest'
import type { GroupTarget } from '../../api/admin-api.ts'
import { during, until } from '../testing/running.ts'
import { BrokerData, failing, TestCluster } from '../testing/test-cluster.ts'

const founders = [1, 2, 3]
const METADATA: GroupTarget = { kind: 'metadata' }
const admin = (cluster: TestCluster, id: number) => cluster.broker(id).node.admin
const configuration = (cluster: TestCluster) => cluster.world.group(0).configuration!
const ready = (cluster: TestCluster, id: number) => cluster.broker(id).node.api.readiness().ready
const idsOf = async (cluster: TestCluster, id: number) =>
  (await cluster.broker(id).node.api.describeCluster()).brokers.map((broker) => broker.id)

/** Broker 4 joins through member `via`, the only one that it knows. */
async function join(cluster: TestCluster, id = 4, via = 2, data = new BrokerData()): Promise<void> {
  await cluster.start(id, [via], data)
  cluster.link(cluster.broker(id), cluster.broker(via))
  await cluster.clock.advance(2000)
  // As dialled by brokers that have learnt the address.
  for (const broker of cluster.brokers.values()) {
    if (broker.dialled.has(`peer-${id}:7080`)) cluster.link(broker, cluster.broker(id))
  }
  await cluster.clock.advance(6000)
}

describe('a broker that joins later', () => {
  test('knows one member, becomes a learner of the metadata group and gets partitions', async () => {
    const cluster = await TestCluster.of(3)
    await join(cluster)
    expect(ready(cluster, 4)).toBe(true)
    expect(configuration(cluster)).toMatchObject({ voters: founders, learners: [4] })
    const [opened] = cluster.broker(4).groups.opened
    expect(opened).toMatchObject({ group: 0, voters: [], admission: configuration(cluster).admissions![4] })
    expect([...cluster.broker(4).dialled].sort()).toEqual(['peer-1:7080', 'peer-2:7080', 'peer-3:7080'])
    for (const id of [1, 2, 3, 4]) expect(await idsOf(cluster, id)).toEqual([1, 2, 3, 4])
    const topic = await during(
      cluster,
      cluster.broker(4).node.api.createTopic({ name: 't', partitions: 4, replicas: 4 }),
    )
    expect(topic.replicas).toBe(4)
    expect((await admin(cluster, 1).audit())[0]).toMatchObject({ action: 'join-broker', target: 'broker 4' })
  })

  test('starts again as the same member, with members that it has met since', async () => {
    const cluster = await TestCluster.of(3)
    const data = new BrokerData()
    await join(cluster, 4, 2, data)
    await cluster.kill(cluster.broker(4))
    await cluster.start(4, [2], data)
    expect([...cluster.broker(4).dialled].sort()).toEqual(['peer-1:7080', 'peer-2:7080', 'peer-3:7080'])
    cluster.linkAll()
    await cluster.clock.advance(3000)
    expect(ready(cluster, 4)).toBe(true)
    expect(cluster.refusals).toEqual([])
    expect(configuration(cluster).learners).toEqual([4])
  })

  test('lost its answer or was killed before it had the record on its disk: it asks again and is the same', async () => {
    const cluster = await TestCluster.of(3)
    const data = new BrokerData()
    await cluster.start(4, [2], data)
    data.disk.onOperation = failing('rename')
    cluster.linkAll()
    await cluster.clock.advance(1500)
    const admissions = async () => (await admin(cluster, 1).audit()).filter(({ action }) => action === 'join-broker')
    expect(await admissions()).toHaveLength(1)
    await cluster.kill(cluster.broker(4))
    await cluster.start(4, [2], data)
    cluster.linkAll()
    await cluster.clock.advance(9000)
    expect(ready(cluster, 4)).toBe(true)
    expect(await admissions()).toHaveLength(1)
  })

  test('asks on while the metadata group has no leader', async () => {
    const cluster = await TestCluster.of(3)
    await cluster.kill(cluster.broker(1))
    const { data } = cluster.broker(3)
    await cluster.kill(cluster.broker(3))
    await cluster.start(4, [2])
    cluster.linkAll()
    await cluster.clock.advance(20_000)
    expect(ready(cluster, 4)).toBe(false)
    expect(cluster.broker(4).node.api.readiness().reason).toContain('not admitted')
    await cluster.start(3, founders, data)
    cluster.linkAll()
    await cluster.clock.advance(15_000)
    expect(ready(cluster, 4)).toBe(true)
  })

  test('is accepted as metadata leader by a broker that was away when it joined', async () => {
    const cluster = await TestCluster.of(3)
    const { data } = cluster.broker(3)
    await cluster.kill(cluster.broker(3))
    await join(cluster, 4, 1)
    await during(cluster, admin(cluster, 1).changeMembers(METADATA, [1, 2, 4]))
    await during(cluster, admin(cluster, 1).transferLeadership(METADATA, 4))
    await cluster.start(3, founders, data)
    cluster.link(cluster.broker(3), cluster.broker(4))
    const vote = { type: 'vote-reply', from: 4, to: 3, term: 9, pre: false, granted: true } as const
    cluster.broker(3).hear(0, vote)
    expect(cluster.broker(3).groups.received).toHaveLength(1)
  })
})

describe('a wiped disk', () => {
  test('is refused with a way out that works: a new id, the replicas moved, the old one removed', async () => {
    const cluster = await TestCluster.of(3)
    const [one] = [cluster.broker(1)]
    await during(cluster, one.node.api.createTopic({ name: 't', partitions: 1, replicas: 3 }))
    await cluster.kill(cluster.broker(3))
    await cluster.start(3, founders, new BrokerData())
    cluster.linkAll()
    await cluster.clock.advance(2000)
    expect(cluster.refusals[0]).toMatchObject({ code: 'BROKER_IDENTITY_MISMATCH' })
    expect(cluster.refusals[0]!.message).toContain('tailrace cluster remove-broker 3')
    await cluster.kill(cluster.broker(3))

    await join(cluster)
    await expect(during(cluster, one.node.admin.removeBroker(3))).rejects.toMatchObject({ code: 'BROKER_IN_USE' })
    const target = { kind: 'partition', topic: 't', partition: 0 } as const
    await during(cluster, one.node.admin.changeMembers(target, [1, 2, 4]))
    await until(cluster, () => cluster.world.group(1).configuration!.voters.includes(4), 'the move')
    await cluster.clock.advance(1000)
    await expect(during(cluster, one.node.admin.removeBroker(3))).rejects.toMatchObject({ code: 'BROKER_IN_USE' })
    await during(cluster, one.node.admin.changeMembers(METADATA, [1, 2, 4]))
    await during(cluster, one.node.admin.removeBroker(3))
    await cluster.clock.advance(5000)
    expect(configuration(cluster)).toMatchObject({ voters: [1, 2, 4], learners: [] })
    expect(await idsOf(cluster, 4)).toEqual([1, 2, 4])
    expect(one.node.api.readiness().ready).toBe(true)
  })

  test('of a broker that joined later is refused as well', async () => {
    const cluster = await TestCluster.of(3)
    await join(cluster)
    await cluster.kill(cluster.broker(4))
    await cluster.start(4, [2], new BrokerData())
    cluster.linkAll()
    await cluster.clock.advance(5000)
    expect(cluster.refusals.map(({ code }) => code)).toContain('BROKER_IDENTITY_MISMATCH')
    expect(cluster.broker(4).groups.opened).toEqual([])
  })
})

describe('a broker that was removed', () => {
  test('is cut off, refused permanently, and its id with it', async () => {
    const cluster = await TestCluster.of(3)
    const data = new BrokerData()
    await join(cluster, 4, 2, data)
    await during(cluster, admin(cluster, 1).removeBroker(4, 'ann'))
    expect((await admin(cluster, 1).audit())[0]).toMatchObject({
      action: 'remove-broker',
      target: 'broker 4',
      by: 'ann',
    })
    await cluster.clock.advance(3000)
    expect(configuration(cluster).learners).toEqual([])
    expect(cluster.broker(1).links.has(4)).toBe(false)
    cluster.linkAll()
    expect(cluster.refusals.at(-1)).toMatchObject({ code: 'BROKER_IDENTITY_MISMATCH' })
    expect(cluster.refusals.at(-1)!.message).toContain('removed')
    await cluster.kill(cluster.broker(4))
    await cluster.start(4, [2], new BrokerData())
    cluster.linkAll()
    expect(cluster.refusals.at(-1)).toMatchObject({ code: 'BROKER_IDENTITY_MISMATCH' })
    await expect(during(cluster, admin(cluster, 1).removeBroker(9))).rejects.toMatchObject({ code: 'UNKNOWN_BROKER' })
  })

  test('stays removed for those that restart, and for those that join later', async () => {
    const cluster = await TestCluster.of(3)
    const data = new BrokerData()
    await join(cluster, 4, 2, data)
    await during(cluster, admin(cluster, 1).removeBroker(4))
    const { data: kept } = cluster.broker(2)
    await cluster.clock.advance(1000)
    await cluster.kill(cluster.broker(2))
    await cluster.start(2, founders, kept)
    cluster.linkAll()
    const refused = cluster.refusals.filter(({ message }) => message.includes('removed'))
    expect(refused.length).toBeGreaterThan(0)
    const vote = { type: 'vote-reply', from: 4, to: 2, term: 9, pre: false, granted: true } as const
    cluster.broker(2).hear(0, vote)
    expect(cluster.broker(2).groups.received).toEqual([])
  })
})

describe('the metadata group', () => {
  test('gets other voters; all other brokers follow as learners; its leadership is transferred', async () => {
    const cluster = await TestCluster.of(3)
    await join(cluster)
    await during(cluster, admin(cluster, 4).changeMembers(METADATA, [2, 3, 4]))
    expect(configuration(cluster)).toMatchObject({ voters: [2, 3, 4], learners: [1] })
    expect(await during(cluster, admin(cluster, 1).transferLeadership(METADATA, 3))).toEqual({ leader: 3 })
    expect(await during(cluster, admin(cluster, 1).members(METADATA))).toMatchObject({ leader: 3, learners: [1] })
    await expect(admin(cluster, 1).changeMembers(METADATA, [2, 9])).rejects.toMatchObject({ code: 'UNKNOWN_BROKER' })
  })

  test('is forced while it has no leader, on the broker that is asked; the record follows, and numbers are not given twice', async () => {
    const cluster = await TestCluster.of(3)
    await during(cluster, cluster.broker(1).node.api.createTopic({ name: 't', partitions: 1, replicas: 1 }))
    const force = { members: [2], acceptDataLoss: true, by: 'ann' }
    await expect(during(cluster, admin(cluster, 2).forceMembers(METADATA, force))).rejects.toMatchObject({
      code: 'QUORUM_ALIVE',
    })
    await cluster.kill(cluster.broker(1))
    await cluster.kill(cluster.broker(3))
    await expect(admin(cluster, 2).forceMembers(METADATA, { ...force, acceptDataLoss: false })).rejects.toMatchObject({
      code: 'DATA_LOSS_NOT_ACCEPTED',
    })
    await expect(
      during(cluster, admin(cluster, 2).forceMembers(METADATA, { ...force, members: [3] })),
    ).rejects.toMatchObject({
      code: 'INVALID_MEMBERS',
    })
    await during(cluster, admin(cluster, 2).forceMembers(METADATA, force))
    expect(cluster.world.group(0).leader).toBe(2)
    expect((await admin(cluster, 2).audit())[0]).toMatchObject({
      action: 'force-members',
      target: 'metadata',
      by: 'ann',
    })
    await cluster.clock.advance(2000)
    const created = cluster.broker(2).node.api.createTopic({ name: 'u', partitions: 1, replicas: 1 })
    await during(cluster, created)
    expect([...cluster.world.shared.keys()].some((group) => group > 1_000_000)).toBe(true)
  })
})
