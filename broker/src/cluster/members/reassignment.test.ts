import { beforeEach, describe, expect, test } from 'vitest'
import type { GroupTarget } from '../../api/admin-api.ts'
import { intentFields } from '../metadata/intents/intent-fields.ts'
import type { Intent } from '../metadata/metadata-leader.ts'
import { asked } from '../testing/asked.ts'
import { during, until } from '../testing/running.ts'
import { TestCluster } from '../testing/test-cluster.ts'

const ids = [1, 2, 3, 4]
const target: GroupTarget = { kind: 'partition', topic: 't', partition: 0 }
let cluster: TestCluster
const admin = (id: number) => cluster.broker(id).node.admin
const replicasAt = (id: number) => cluster.broker(id).node.api.routing(['t']).topics[0]!.partitions[0]!.replicas
const group = () => cluster.world.group(1)
const holders = () => ids.filter((id) => cluster.broker(id).groups.get(1) !== undefined)
const settled = async (): Promise<void> => {
  await until(cluster, () => ids.every((id) => cluster.broker(id).node.api.readiness().ready), 'readiness')
  await cluster.clock.advance(3000)
}

beforeEach(async () => {
  cluster = await TestCluster.of(4)
  await during(cluster, cluster.broker(1).node.api.createTopic({ name: 't', partitions: 1, replicas: 3 }))
  expect(replicasAt(1)).toEqual([1, 2, 3])
})

async function restart(id: number): Promise<void> {
  const { data } = cluster.broker(id)
  await cluster.kill(cluster.broker(id))
  await cluster.start(id, ids, data)
  cluster.linkAll()
}

describe('a change of replicas', () => {
  test('newcomers start empty under the number of the command, a broker that leaves deletes its own replica, and progress shows', async () => {
    await during(cluster, admin(4).changeMembers(target, [2, 3, 4]))
    expect(await during(cluster, admin(4).members(target))).toMatchObject({ target: [2, 3, 4], lastOutcome: null })
    const place = { topic: 't', partition: 0, from: [1, 2, 3], to: [2, 3, 4], failed: null }
    const { moves } = await during(cluster, admin(3).moves())
    expect(moves).toMatchObject([{ ...place, members: { target: [2, 3, 4], lastOutcome: null } }])
    await until(cluster, () => replicasAt(4).join() === '2,3,4' && holders().join() === '2,3,4', 'the change')
    const opened = cluster.broker(4).groups.opened.at(-1)!
    expect(opened).toMatchObject({ group: 1, voters: [], preferred: false })
    expect(opened.admission).toBeGreaterThan(0)
    expect(group().configuration).toMatchObject({ voters: [2, 3, 4], admissions: { 4: opened.admission } })
    expect(cluster.broker(1).data.logs.has(1)).toBe(false)
    const page = await during(cluster, admin(1).members(target))
    expect(page).toMatchObject({ target: null, lastOutcome: { outcome: 'done', target: [2, 3, 4] } })
    expect(await during(cluster, admin(1).moves())).toEqual({ moves: [], more: 0 })
    expect(cluster.world.treasons).toEqual([])
  })

  test('one that starts from certain replicas overwrites no order that is given at the same moment', async () => {
    const leader = cluster.world.leaderOf(0)!
    const topicId = cluster.broker(1).node.api.topicIdOf('t')!
    let wishes = 0
    const move = (from: number[], replicas: number[]) => {
      const intent: Intent = { type: 'assign-replicas', topicId, partition: 0, replicas, from }
      const fields = { id: `move-${++wishes}`, timeoutMs: 5000, intent: intentFields(intent) }
      return asked(cluster, leader === 1 ? 2 : 1, leader, 'MetadataCommand', fields)
    }
    const [ordered, moved] = await during(
      cluster,
      Promise.allSettled([admin(leader).changeMembers(target, [3, 1, 2]), move([1, 2, 3], [1, 2, 4])]),
    )
    expect(ordered.status).toBe('fulfilled')
    expect(moved).toMatchObject({ status: 'fulfilled', value: { refusal: { code: 'MEMBERS_CHANGING' } } })
    expect(replicasAt(leader)).toEqual([3, 1, 2])
    await during(cluster, move([3, 1, 2], [3, 1, 4]))
    await until(cluster, () => replicasAt(leader).join() === '3,1,4', 'the move')
  })

  test('another one meanwhile is refused, the same replicas in another order only change which is preferred', async () => {
    await during(cluster, admin(1).changeMembers(target, [3, 1, 2]))
    expect(replicasAt(1)).toEqual([3, 1, 2])
    await during(cluster, admin(1).transferLeadership(target, 0))
    expect(group().leader).toBe(3)
    await during(cluster, admin(2).changeMembers(target, [2, 3, 4]))
    await expect(during(cluster, admin(3).changeMembers(target, [1, 2]))).rejects.toMatchObject({
      code: 'MEMBERS_CHANGING',
    })
  })

  test('of brokers that exist, each once', async () => {
    await expect(admin(1).changeMembers(target, [1, 9])).rejects.toMatchObject({ code: 'UNKNOWN_BROKER' })
    await expect(admin(1).changeMembers(target, [1, 1])).rejects.toMatchObject({ code: 'INVALID_MEMBERS' })
    await expect(admin(1).changeMembers(target, [])).rejects.toMatchObject({ code: 'INVALID_MEMBERS' })
  })

  test('to a newcomer that cannot be reached fails: members as they were, the reason kept, its empty replica gone', async () => {
    cluster.world.isolated.add(4)
    await during(cluster, admin(1).changeMembers(target, [1, 2, 4]))
    await until(cluster, () => cluster.broker(1).groups.get(1)!.status().lastChange?.outcome === 'failed')
    cluster.world.isolated.delete(4)
    cluster.world.catchUp(0)
    await settled()
    expect(replicasAt(2)).toEqual([1, 2, 3])
    expect(holders()).toEqual([1, 2, 3])
    const { lastOutcome } = await during(cluster, admin(3).members(target))
    expect(lastOutcome).toMatchObject({ outcome: 'failed', target: [1, 2, 4] })
    expect(lastOutcome!.reason).toContain('4')
    const place = { topic: 't', partition: 0, from: [1, 2, 3], to: [1, 2, 4], members: null }
    const { moves } = await during(cluster, admin(3).moves())
    expect(moves).toEqual([{ ...place, failed: lastOutcome!.reason }])
    expect(cluster.world.treasons).toEqual([])
  })

  test('called off while newcomers catch up', async () => {
    cluster.world.isolated.add(4)
    await during(cluster, admin(1).changeMembers(target, [1, 2, 4]))
    await cluster.clock.advance(500)
    await during(cluster, admin(2).cancelChange(target))
    cluster.world.isolated.delete(4)
    await settled()
    expect(replicasAt(3)).toEqual([1, 2, 3])
    expect(holders()).toEqual([1, 2, 3])
    expect((await during(cluster, admin(3).members(target))).lastOutcome).toMatchObject({ outcome: 'failed' })
    await expect(during(cluster, admin(2).cancelChange(target))).rejects.toMatchObject({ code: 'CHANGE_FAILED' })
  })

  test('taken out and brought in again, a broker comes back empty under a higher number', async () => {
    await during(cluster, admin(1).changeMembers(target, [1, 2]))
    await settled()
    expect(holders()).toEqual([1, 2])
    await during(cluster, admin(1).changeMembers(target, [1, 2, 3]))
    await settled()
    expect(holders()).toEqual([1, 2, 3])
    expect(cluster.broker(3).data.logs.get(1)).toBeGreaterThan(0)
    expect(group().configuration!.admissions![3]).toBe(cluster.broker(3).data.logs.get(1))
  })
})

describe('a broker that is lost meanwhile', () => {
  const steps = [0, 1, 2, 3, 5, 20, 40, 60, 100, 130, 150, 200, 260, 300, 400, 520]

  for (const who of ['controller', 'partition leader', 'newcomer', 'leaver'] as const) {
    test(`${who}, at any moment: the change comes to its end`, async () => {
      for (const ms of steps) {
        cluster = await TestCluster.of(4)
        await during(cluster, cluster.broker(1).node.api.createTopic({ name: 't', partitions: 1, replicas: 3 }))
        // The metadata group and the partition are led by different brokers, so that one is lost at a time.
        await during(cluster, admin(1).transferLeadership(target, 2))
        await during(cluster, admin(1).transferLeadership({ kind: 'metadata' }, 3))
        const change = admin(1)
          .changeMembers(target, [1, 2, 4])
          .catch(() => {})
        await cluster.clock.advance(ms)
        await restart({ controller: 3, 'partition leader': 2, newcomer: 4, leaver: 3 }[who])
        await during(cluster, change)
        await settled()
        expect([ms, replicasAt(1)]).toEqual([ms, [1, 2, 4]])
        expect([ms, holders()]).toEqual([ms, [1, 2, 4]])
        expect([ms, cluster.world.treasons]).toEqual([ms, []])
      }
    })
  }

  test('a controller that is cut off permanently is followed by another', async () => {
    await during(cluster, admin(1).transferLeadership({ kind: 'metadata' }, 3))
    await during(cluster, admin(1).changeMembers(target, [1, 2, 4]))
    await cluster.kill(cluster.broker(3))
    await until(cluster, () => replicasAt(1).join() === '1,2,4', 'the change')
  })

  test('a broker that was away while its replica was moved opens it, is told, and deletes it', async () => {
    const { data } = cluster.broker(3)
    await cluster.kill(cluster.broker(3))
    await during(cluster, admin(1).changeMembers(target, [1, 2, 4]))
    await until(cluster, () => replicasAt(1).join() === '1,2,4', 'the change')
    expect(data.logs.has(1)).toBe(true)
    await cluster.start(3, ids, data)
    expect(cluster.broker(3).groups.opened.map((spec) => spec.group)).toContain(1)
    cluster.linkAll()
    await settled()
    expect(data.logs.has(1)).toBe(false)
    expect(cluster.world.treasons).toEqual([])
  })
})

describe('a controller that was deposed and does not know', () => {
  const drive = (id: number) => during(cluster, asked(cluster, 1, id, 'DriveChange', { group: 1, change: 1 }))
  const command = (id: number, name: string, intent: Intent) => {
    const fields = { id: name, timeoutMs: 5000, intent: intentFields(intent) }
    return during(cluster, asked(cluster, 1, id, 'MetadataCommand', fields))
  }

  test('has made a newcomer a member after the metadata gave it up: the replica stays until the leader does not name it', async () => {
    cluster.world.isolated.add(4)
    await during(cluster, admin(1).changeMembers(target, [1, 2, 4]))
    cluster.world.isolated.delete(4)
    cluster.world.catchUp(0)
    await cluster.clock.advance(10)
    const admission = cluster.broker(4).data.logs.get(1)!
    const { world } = cluster
    group().change = null
    world.configure(1, { voters: [1, 2, 4], learners: [], admissions: { 4: admission } })
    const intent = { type: 'replicas-changed', group: 1, change: admission, outcome: 'failed', reason: 'late' } as const
    await command(world.leaderOf(0), 'late', intent)
    await cluster.clock.advance(20_000)
    expect(replicasAt(1)).toEqual([1, 2, 3])
    expect(cluster.broker(4).data.logs.has(1)).toBe(true)
    world.configure(1, { voters: [1, 2, 3], learners: [] })
    await cluster.clock.advance(20_000)
    expect(cluster.broker(4).data.logs.has(1)).toBe(false)
    expect(world.treasons).toEqual([])
  })

  test('asks for a change that is not the one: no change is begun, and its outcome belongs to none', async () => {
    cluster.world.isolated.add(4)
    await during(cluster, admin(1).changeMembers(target, [1, 2, 4]))
    await until(cluster, () => group().change !== null, 'staging')
    const leader = cluster.world.leaderOf(1)
    expect(await drive(leader)).toMatchObject({ state: 'running' })
    cluster.world.isolated.delete(4)
    cluster.world.catchUp(0)
    await until(cluster, () => group().configuration!.voters.includes(4), 'the change')
    expect(await drive(leader)).toMatchObject({ state: 'running' })
    const intent = { type: 'replicas-changed', group: 1, change: 1, outcome: 'failed', reason: 'old' } as const
    await command(cluster.world.leaderOf(0), 'old', intent)
    await settled()
    expect(replicasAt(1)).toEqual([1, 2, 4])
  })
})

describe('after a start', () => {
  test('a partition that was founded here and moved on while this broker was away is never opened here', async () => {
    const { data } = cluster.broker(4)
    cluster.world.isolated.add(4)
    const other = { kind: 'partition', topic: 'u', partition: 0 } as const
    await during(cluster, cluster.broker(1).node.api.createTopic({ name: 'u', partitions: 1, replicas: 4 }))
    await cluster.kill(cluster.broker(4))
    cluster.world.isolated.delete(4)
    await during(cluster, admin(1).changeMembers(other, [1, 2, 3]))
    const replicas = () => cluster.broker(1).node.api.routing(['u']).topics[0]!.partitions[0]!.replicas
    await until(cluster, () => replicas().join() === '1,2,3', 'the change')
    await cluster.start(4, ids, data)
    cluster.linkAll()
    await settled()
    expect(cluster.broker(4).groups.opened.map((spec) => spec.group)).toEqual([0])
  })

  test('a replica that is missing is created only once the metadata is known', async () => {
    const { data } = cluster.broker(3)
    await cluster.kill(cluster.broker(3))
    // As if it had been moved away and deleted, and the store had forgotten that.
    data.logs.delete(1)
    await cluster.start(3, ids, data)
    await cluster.clock.advance(5000)
    expect(cluster.broker(3).groups.opened.map((spec) => spec.group)).toEqual([0])
    cluster.linkAll()
    await settled()
    expect(cluster.broker(3).groups.opened.map((spec) => spec.group)).toEqual([0, 1])
  })

  test('data without identity.json is refused, though the store is empty', async () => {
    const { data } = cluster.broker(3)
    await cluster.kill(cluster.broker(3))
    data.store.content.clear()
    await data.disk.remove('data/identity.json')
    await data.disk.syncFolder('data')
    await expect(cluster.start(3, ids, data)).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' })
  })
})

describe('settings', () => {
  test('reach the replicas that run, and those that are opened later', async () => {
    const config = await during(cluster, admin(2).alterTopic('t', { retentionBytes: 5000, readOnly: true }))
    expect(config).toEqual({ retentionBytes: 5000, readOnly: true })
    for (const maxBatchBytes of [5000, null, 7000]) {
      await during(cluster, admin(2).alterTopic('t', { maxBatchBytes }))
      await cluster.clock.advance(100)
      // The limit by which HTTP and JSON publishing make their batches.
      const routed = [1, 2, 3].map((id) => cluster.broker(id).node.api.routing(['t']).topics[0]!.maxBatchBytes ?? null)
      expect(routed).toEqual([maxBatchBytes, maxBatchBytes, maxBatchBytes])
    }
    await during(cluster, admin(2).alterTopic('t', { readOnly: null }))
    await during(cluster, admin(2).setPriority(target, { broker: 3, factor: 4 }))
    await cluster.clock.advance(100)
    const updates = cluster.broker(3).groups.get(1)!.updates
    expect(updates[0]).toMatchObject({ retention: { bytes: 5000, ms: null }, readOnly: true, electionFactor: 1 })
    expect(updates.at(-1)).toMatchObject({ retention: { bytes: 5000, ms: null }, readOnly: false, electionFactor: 4 })
    await restart(3)
    await settled()
    const opened = cluster.broker(3).groups.opened.find((spec) => spec.group === 1)
    expect(opened).toMatchObject({ electionFactor: 4, retention: { bytes: 5000 } })
    await expect(admin(1).alterTopic('t', { retentionMs: 0 })).rejects.toMatchObject({ code: 'INVALID_SETTING' })
    await expect(admin(1).setPriority(target, { broker: 3, factor: 11 })).rejects.toMatchObject({
      code: 'INVALID_SETTING',
    })
  })
})
