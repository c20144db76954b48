import { beforeEach, describe, expect, test } from 'vitest'
import type { GroupTarget } from '../../api/admin-api.ts'
import { during, until } from '../testing/running.ts'
import type { BrokerData } from '../testing/test-cluster.ts'
import { TestCluster } from '../testing/test-cluster.ts'

const ids = [1, 2, 3, 4, 5]
const target: GroupTarget = { kind: 'partition', topic: 't', partition: 0 }
const force = { members: [1, 2], acceptDataLoss: true, by: 'ann' }
let cluster: TestCluster
const admin = (id: number) => cluster.broker(id).node.admin
const replicasAt = (id: number) => cluster.broker(id).node.api.routing(['t']).topics[0]!.partitions[0]!.replicas

/** A partition on brokers 1 to 5, of which 3, 4 and 5 are lost; brokers 1, 2 and 6 to 8 keep the metadata alive. */
beforeEach(async () => {
  cluster = await TestCluster.of(8)
  await during(cluster, cluster.broker(1).node.api.createTopic({ name: 't', partitions: 1, replicas: 5 }))
  expect(replicasAt(1)).toEqual(ids)
})

async function lose(...lost: number[]): Promise<Map<number, BrokerData>> {
  const data = new Map(lost.map((id) => [id, cluster.broker(id).data]))
  for (const id of lost) await cluster.kill(cluster.broker(id))
  await cluster.clock.advance(1000)
  return data
}

async function back(id: number, data: BrokerData): Promise<void> {
  await cluster.start(id, [1, 2, 3, 4, 5, 6, 7, 8], data)
}

describe('members forced (M83)', () => {
  test('never while a majority answers, nor to brokers that do not, nor unless the loss is accepted', async () => {
    await expect(during(cluster, admin(1).forceMembers(target, force))).rejects.toMatchObject({ code: 'QUORUM_ALIVE' })
    await lose(4, 5)
    await expect(during(cluster, admin(1).forceMembers(target, force))).rejects.toMatchObject({ code: 'QUORUM_ALIVE' })
    await lose(3)
    await expect(admin(1).forceMembers(target, { ...force, acceptDataLoss: false })).rejects.toMatchObject({
      code: 'DATA_LOSS_NOT_ACCEPTED',
    })
    for (const members of [[1, 3], [1, 6], [], [1, 1]]) {
      await expect(during(cluster, admin(1).forceMembers(target, { ...force, members }))).rejects.toMatchObject({
        code: 'INVALID_MEMBERS',
      })
    }
    expect((await admin(1).audit()).filter(({ action }) => action === 'force-members')).toEqual([])
  })

  test('the partition goes on with the replicas that are left, and that is on record', async () => {
    await lose(3, 4, 5)
    expect(cluster.world.group(1).leader).toBe(0)
    const before = await during(cluster, admin(7).members(target))
    expect(before).toMatchObject({ leader: 0, voters: ids })
    expect(before.members.every(({ role }) => role === 'voter')).toBe(true)
    const forced = await during(cluster, admin(7).forceMembers(target, force))
    expect(forced.term).toBe(cluster.world.group(1).term)
    expect(cluster.world.group(1).configuration).toMatchObject({ voters: [1, 2] })
    expect(replicasAt(6)).toEqual([1, 2])
    expect((await admin(6).audit())[0]).toMatchObject({ action: 'force-members', target: 't/0', by: 'ann', broker: 7 })
  })

  test('a crash of the one that has to lead, or of the metadata leader, only delays it', async () => {
    for (const who of [1, 6]) {
      cluster = await TestCluster.of(8)
      await during(cluster, cluster.broker(1).node.api.createTopic({ name: 't', partitions: 1, replicas: 5 }))
      await during(cluster, admin(1).transferLeadership({ kind: 'metadata' }, 6))
      await lose(3, 4, 5)
      const { data } = cluster.broker(who)
      const forcing = during(cluster, admin(7).forceMembers(target, force)).catch(() => {})
      await cluster.clock.advance(10)
      await cluster.kill(cluster.broker(who))
      await back(who, data)
      cluster.linkAll()
      await forcing
      await until(cluster, () => replicasAt(7).join() === '1,2', 'the forced members')
      expect(cluster.world.group(1).configuration!.voters).toEqual([1, 2])
    }
  })

  test('a broker that comes back with an outdated replica is ignored, deletes it, and may then be admitted anew', async () => {
    const data = await lose(3, 4, 5)
    await during(cluster, admin(7).forceMembers(target, force))
    await back(3, data.get(3)!)
    // Linked to the others before it has the metadata: it opens the replicas that it has, and would stand for election.
    expect(data.get(3)!.logs.has(1)).toBe(true)
    const one = cluster.broker(1)
    cluster.link(one, cluster.broker(3))
    const vote = { type: 'vote-reply', from: 3, to: 1, term: 99, pre: false, granted: true } as const
    one.hear(1, vote)
    expect(one.groups.received).toEqual([])
    one.hear(0, vote)
    expect(one.groups.received).toHaveLength(1)
    one.node.handlers.leaders(3, [{ group: 1, term: 99 }])
    expect(one.node.api.routing(['t']).topics[0]!.partitions[0]!.leader).toBe(cluster.world.group(1).leader)

    cluster.linkAll()
    await cluster.clock.advance(5000)
    expect(data.get(3)!.logs.has(1)).toBe(false)
    expect(cluster.broker(3).logged.filter((message) => message === 'a replica was deleted')).toHaveLength(1)
    await during(cluster, admin(7).changeMembers(target, [1, 2, 3]))
    await until(cluster, () => replicasAt(7).join() === '1,2,3', 'the change')
    expect(data.get(3)!.logs.get(1)).toBeGreaterThan(0)
    one.hear(1, vote)
    expect(one.groups.received).toHaveLength(2)
    await expect(during(cluster, admin(7).changeMembers(target, [1, 2, 4]))).rejects.toMatchObject({
      code: 'INVALID_MEMBERS',
    })
  })

  test('the new leader begins above every term that any broker that answers has seen', async () => {
    await lose(3, 4, 5)
    // It was a candidate in vain.
    cluster.broker(2).groups.get(1)!.term = 70
    const forced = await during(cluster, admin(7).forceMembers(target, force))
    expect(forced.term).toBe(71)
  })

  test('a lost broker that has no replica any more says so too', async () => {
    const data = await lose(3, 4, 5)
    await during(cluster, admin(7).forceMembers(target, force))
    data.get(4)!.logs.delete(1)
    await back(4, data.get(4)!)
    cluster.linkAll()
    await cluster.clock.advance(3000)
    await during(cluster, admin(7).changeMembers(target, [1, 2, 4]))
    await until(cluster, () => replicasAt(7).join() === '1,2,4', 'the change')
  })
})
