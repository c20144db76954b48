import { beforeEach, describe, expect, test } from 'vitest'
import type { GroupTarget } from '../../api/admin-api.ts'
import { asked } from '../testing/asked.ts'
import { during, until } from '../testing/running.ts'
import { TestCluster } from '../testing/test-cluster.ts'

const ids = [1, 2, 3]
const SETTLE_MS = 60_000
let cluster: TestCluster
const at = (partition: number): GroupTarget => ({ kind: 'partition', topic: 't', partition })
const admin = (id: number) => cluster.broker(id).node.admin
const leaders = (): string => places().join()
const places = (): number[] => [1, 2, 3, 4, 5, 6].map((group) => cluster.world.leaderOf(group))
/** How often it was asked whether a replica of this group may lead. */
const askedFor = (group: number): number => {
  const requests = [...cluster.brokers.values()].flatMap((broker) => broker.requests)
  return requests.filter(({ name, fields }) => name === 'MayLead' && (fields as { group: number }).group === group)
    .length
}

beforeEach(async () => {
  cluster = await TestCluster.of(3)
  await during(cluster, cluster.broker(1).node.api.createTopic({ name: 't', partitions: 6, replicas: 3 }))
  expect(leaders()).toBe('1,2,3,1,2,3')
})

async function kill(id: number): Promise<void> {
  await cluster.kill(cluster.broker(id))
  await cluster.clock.advance(1000)
}

async function restart(id: number): Promise<void> {
  const { data } = cluster.broker(id)
  await kill(id)
  await cluster.start(id, ids, data)
  cluster.linkAll()
  await until(cluster, () => cluster.broker(id).node.api.readiness().ready, 'readiness')
}

describe('after a rolling restart', () => {
  test('each leadership returns to the preferred replica, once that has been up for the time that is set', async () => {
    for (const id of ids) await restart(id)
    const before = leaders()
    expect(before).not.toBe('1,2,3,1,2,3')
    await cluster.clock.advance(SETTLE_MS - 10_000)
    expect(leaders()).toBe(before)
    await cluster.clock.advance(20_000)
    expect(leaders()).toBe('1,2,3,1,2,3')
  })

  test('they stay where they are with a setting of 0', async () => {
    cluster.leaderReturnMs = 0
    for (const id of ids) await restart(id)
    const before = leaders()
    await cluster.clock.advance(10 * SETTLE_MS)
    expect(leaders()).toBe(before)
  })

  test('a broker that starts again and again is given none in between', async () => {
    for (let start = 0; start < 5; start++) {
      await restart(3)
      await cluster.clock.advance(SETTLE_MS - 15_000)
      expect(places()).not.toContain(3)
    }
    await cluster.clock.advance(25_000)
    expect(leaders()).toBe('1,2,3,1,2,3')
  })

  test('a few at a time: no more than eight in half a second', async () => {
    const { api } = cluster.broker(1).node
    await during(cluster, api.createTopic({ name: 'many', partitions: 60, replicas: 3 }))
    const of3 = (): number => [...Array(66).keys()].filter((at) => cluster.world.leaderOf(at + 1) === 3).length
    const full = of3()
    await restart(3)
    await cluster.clock.advance(SETTLE_MS - 1000)
    for (let last = of3(); last < full; last = of3()) {
      await cluster.clock.advance(499)
      expect(of3() - last).toBeLessThanOrEqual(8)
      await cluster.clock.advance(1)
    }
  })
})

describe('a leadership stays where it is', () => {
  test('while the preferred replica is down, cut off, or not in sync; and returns afterwards', async () => {
    const { data } = cluster.broker(3)
    await kill(3)
    await cluster.clock.advance(3 * SETTLE_MS)
    expect(places()).not.toContain(3)
    await cluster.start(3, ids, data)
    cluster.linkAll()
    for (const id of [1, 2]) {
      const group = cluster.broker(id).groups.get(3)!
      const { status } = group
      group.status = () => ({ ...status.call(group), inSync: [1, 2] })
    }
    await cluster.clock.advance(3 * SETTLE_MS)
    expect(places()[2]).not.toBe(3)
    expect(places()[5]).toBe(3)
  })

  test('while the replica is in trouble, or that broker has no room for records', async () => {
    await restart(3)
    cluster.broker(3).diskFull = true
    cluster.broker(3).groups.get(3)!.trouble = 'quarantine'
    await cluster.clock.advance(3 * SETTLE_MS)
    expect(places()).not.toContain(3)
    cluster.broker(3).diskFull = false
    await cluster.clock.advance(10 * SETTLE_MS)
    expect([places()[2] === 3, places()[5]]).toEqual([false, 3])
  })

  test('while the members of the partition change', async () => {
    await cluster.start(4, ids)
    cluster.linkAll()
    await until(cluster, () => cluster.broker(4).node.api.readiness().ready, 'readiness')
    cluster.world.isolated.add(4)
    await restart(3)
    await cluster.clock.advance(SETTLE_MS - 3000)
    await during(cluster, admin(1).changeMembers(at(2), [3, 1, 4]))
    const before = askedFor(3)
    await cluster.clock.advance(6000)
    expect([places(), askedFor(3) - before]).toMatchObject([[1, 2, 1, 1, 2, 3], 0])
  })

  test('where an operator has put it, until that broker loses it', async () => {
    await during(cluster, admin(2).transferLeadership(at(0), 3))
    await cluster.clock.advance(10 * SETTLE_MS)
    expect(places()[0]).toBe(3)
    await restart(3)
    await cluster.clock.advance(3 * SETTLE_MS)
    expect(places()[0]).toBe(1)
  })

  test('of a replica that campaigns earlier by its priority: that one is preferred', async () => {
    await during(cluster, admin(2).setPriority(at(0), { broker: 1, factor: 3 }))
    await cluster.clock.advance(3 * SETTLE_MS)
    expect(places()[0]).not.toBe(1)
    await during(cluster, admin(2).setPriority(at(0), { broker: 1, factor: 1 }))
    await cluster.clock.advance(3 * SETTLE_MS)
    expect(places()[0]).toBe(1)
  })
})

describe('the preferred replica', () => {
  test('follows the order that an operator gives', async () => {
    await during(cluster, admin(1).changeMembers(at(0), [2, 3, 1]))
    await cluster.clock.advance(2 * SETTLE_MS)
    expect(places()[0]).toBe(2)
  })
})

test('a leadership that does not stay is returned ever more seldom, until that broker starts again', async () => {
  await restart(3)
  let moved = 0
  for (let passed = 0; passed < 64 * SETTLE_MS; passed += 1000) {
    await cluster.clock.advance(1000)
    if (cluster.world.leaderOf(3) !== 3) continue
    moved++
    cluster.world.elect(3, 1)
  }
  expect(moved).toBeGreaterThan(3)
  expect(moved).toBeLessThan(8)
  await restart(3)
  await cluster.clock.advance(2 * SETTLE_MS)
  expect(cluster.world.leaderOf(3)).toBe(3)
})

test('a metadata leader that was deposed, and knows an older order, is refused', async () => {
  const from = cluster.world.leaderOf(1)
  const asking = asked(cluster, 2, from, 'ReturnLeadership', { group: 1, to: 2 })
  await expect(during(cluster, asking)).rejects.toMatchObject({ code: 'INVALID_MEMBERS' })
  expect(cluster.world.leaderOf(1)).toBe(from)
})
