import { BatchWriter } from '@tailrace/schemas'
import { beforeEach, describe, expect, test } from 'vitest'
import { featureLevels } from './metadata/feature-levels.ts'
import { TestCluster } from './testing/test-cluster.ts'

let cluster: TestCluster
const ids = [1, 2, 3]
const api = (id: number) => cluster.broker(id).node.api

/** Runs the clock until the work is done. */
async function during<T>(work: Promise<T>): Promise<T> {
  let done = false
  const finished = work.finally(() => (done = true))
  finished.catch(() => {})
  for (let step = 0; step < 300 && !done; step++) await cluster.clock.advance(100)
  return finished
}

async function restart(id: number): Promise<void> {
  const { data } = cluster.broker(id)
  await cluster.kill(cluster.broker(id))
  await cluster.start(id, ids, data)
  cluster.linkAll()
}

beforeEach(async () => {
  cluster = await TestCluster.of(3)
})

describe('topics', () => {
  test('created from any broker, known with leaders everywhere, leaders spread', async () => {
    const summary = await during(api(3).createTopic({ name: 'flights', partitions: 6, replicas: 3 }))
    expect(summary).toMatchObject({ name: 'flights', partitions: 6, replicas: 3, config: {} })
    await cluster.clock.advance(100)
    for (const id of ids) {
      expect(api(id).listTopics()).toEqual([summary])
      const [topic] = api(id).routing(['flights', 'unknown']).topics
      expect(topic!.partitions.map(({ leader }) => leader).sort()).toEqual([1, 1, 2, 2, 3, 3])
      expect(topic!.partitions.every(({ leader, replicas }) => leader === replicas[0])).toBe(true)
      expect(cluster.broker(id).groups.opened).toHaveLength(7)
    }
  })

  test('in different racks, as the brokers have registered them', async () => {
    cluster = await TestCluster.of(4, [], ['a', 'a', 'b', 'b'])
    await during(api(1).createTopic({ name: 't', partitions: 8, replicas: 2 }))
    const [topic] = api(1).routing(['t']).topics
    for (const { replicas } of topic!.partitions) expect(replicas.filter((id) => id <= 2)).toHaveLength(1)
    const { brokers } = await api(1).describeCluster()
    expect(brokers.map(({ rack }) => rack)).toEqual(['a', 'a', 'b', 'b'])
  })

  test('on some brokers only, they can be used from all', async () => {
    await during(api(1).createTopic({ name: 't', partitions: 3, replicas: 1 }))
    for (const partition of [0, 1, 2]) {
      for (const id of ids) {
        const writer = new BatchWriter()
        writer.append({ timestamp: 0, key: null, value: 'x' })
        const bytes = writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 })
        const result = await during(api(id).publish('t', partition, bytes, { timeoutMs: 1000, wait: true }))
        expect(result.baseOffset).toBe(id - 1)
      }
    }
  })

  test('are created when that is on record: leaders are waited for, for a limited time', async () => {
    for (const id of [1, 2, 3]) cluster.broker(id).groups.failOpen = 1000
    const before = cluster.clock.monotonic()
    const created = await during(api(2).createTopic({ name: 't', partitions: 2, replicas: 3 }))
    expect(created).toMatchObject({ name: 't', partitions: 2 })
    expect(cluster.clock.monotonic() - before).toBeLessThanOrEqual(6000)
    expect(
      api(2)
        .listTopics()
        .map(({ name }) => name),
    ).toEqual(['t'])
    for (const id of [1, 2, 3]) cluster.broker(id).groups.failOpen = 0
    await cluster.clock.advance(12_000)
    expect(
      api(2)
        .routing(['t'])
        .topics[0]!.partitions.every(({ leader }) => leader > 0),
    ).toBe(true)
  })

  test('impossible topics are refused', async () => {
    const refused = async (request: object): Promise<string> => {
      const base = { name: 't', partitions: 1, replicas: 1 }
      return during(api(2).createTopic({ ...base, ...request })).then(
        () => 'created',
        (error) => error.code,
      )
    }
    expect(await refused({ name: '..' })).toBe('INVALID_TOPIC_NAME')
    expect(await refused({ partitions: 0 })).toBe('INVALID_REPLICATION')
    expect(await refused({ partitions: 10_001 })).toBe('INVALID_REPLICATION')
    expect(await refused({ replicas: 4 })).toBe('INVALID_REPLICATION')
    expect(await refused({ config: { retention: 1 } })).toBe('INVALID_SETTING')
    expect(await refused({ config: { maxBatchBytes: 5_000_000 } })).toBe('INVALID_SETTING')
    expect(await refused({})).toBe('created')
    expect(await refused({})).toBe('TOPIC_EXISTS')
    await expect(during(api(1).deleteTopic('other'))).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
  })

  test('created at once under one name from everywhere: one wins', async () => {
    const all = ids.map((id) => api(id).createTopic({ name: 't', partitions: 1, replicas: 3 }))
    const results = await during(Promise.allSettled(all))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('deleted: replicas are removed, the name is free, group numbers are not used again', async () => {
    const before = await during(api(1).createTopic({ name: 't', partitions: 2, replicas: 3 }))
    await during(api(2).deleteTopic('t'))
    await cluster.clock.advance(100)
    for (const id of ids) expect(cluster.broker(id).groups.removed).toEqual([1, 2])
    const after = await during(api(3).createTopic({ name: 't', partitions: 2, replicas: 3 }))
    expect(after.id).not.toBe(before.id)
    expect(
      cluster
        .broker(1)
        .groups.opened.map(({ group }) => group)
        .sort(),
    ).toEqual([0, 1, 2, 3, 4])
  })

  test('described with figures that each leader is asked for once', async () => {
    await during(api(1).createTopic({ name: 't', partitions: 6, replicas: 2 }))
    const described = await during(api(2).describeTopic('t'))
    expect(described.partitions).toHaveLength(6)
    for (const { leader, inSync, replicas } of described.partitions) {
      expect(replicas).toContain(leader)
      expect(inSync).toEqual(replicas)
    }
    expect(cluster.broker(2).requests.filter(({ name }) => name === 'PartitionStatus')).toHaveLength(2)
  })

  test('a leader that does not answer holds a description up for two seconds only', async () => {
    await during(api(1).createTopic({ name: 't', partitions: 3, replicas: 1 }))
    cluster.broker(1).unanswered.add('PartitionStatus')
    let partitions = -1
    void api(1)
      .describeTopic('t')
      .then((found) => (partitions = found.partitions.length))
    await cluster.clock.advance(1900)
    expect(partitions).toBe(-1)
    await cluster.clock.advance(200)
    expect(partitions).toBe(3)
  })
})

describe('metadata', () => {
  test('a command survives the loss of the metadata leader, and is applied once', async () => {
    const leader = cluster.world.leaderOf(0)
    const other = ids.find((id) => id !== leader)!
    const creation = api(other).createTopic({ name: 't', partitions: 1, replicas: 2 })
    await cluster.clock.advance(1)
    // The request has arrived; its answer never will.
    await cluster.kill(cluster.broker(leader))
    expect(await during(creation)).toMatchObject({ name: 't' })
    expect(api(other).listTopics()).toHaveLength(1)
  })

  test('the answer to an attempt that was committed is found by the retry', async () => {
    const leader = cluster.broker(cluster.world.leaderOf(0))
    const other = [...cluster.brokers.values()].find((broker) => broker !== leader)!
    const creation = other.node.api.createTopic({ name: 't', partitions: 1, replicas: 3 })
    await cluster.clock.advance(2)
    expect(leader.node.api.listTopics()).toHaveLength(1)
    cluster.cut(leader, other)
    await cluster.clock.advance(10)
    cluster.link(leader, other)
    expect(await during(creation)).toMatchObject({ name: 't' })
  })

  test('a restarted broker has its topics before it has a link to another broker', async () => {
    await during(api(1).createTopic({ name: 't', partitions: 3, replicas: 3 }))
    const { data } = cluster.broker(2)
    await cluster.kill(cluster.broker(2))
    const again = await cluster.start(2, ids, data)
    expect(again.node.api.listTopics()).toHaveLength(1)
    await cluster.clock.advance(10)
    expect(again.groups.opened.map(({ group, preferred }) => ({ group, preferred }))).toEqual(
      expect.arrayContaining([1, 2, 3].map((group) => ({ group, preferred: false }))),
    )
  })

  test('a replica whose topic was deleted just before a crash is removed at the next start', async () => {
    await during(api(1).createTopic({ name: 't', partitions: 1, replicas: 3 }))
    cluster.broker(2).groups.remove = () => new Promise(() => {})
    await during(api(1).deleteTopic('t'))
    await restart(2)
    await cluster.clock.advance(100)
    expect(cluster.broker(2).groups.removed).toEqual([1])
    await restart(2)
    await cluster.clock.advance(100)
    expect(cluster.broker(2).groups.removed).toEqual([])
  })

  test('a replica that cannot be opened is tried again, and readiness shows it', async () => {
    cluster.broker(2).groups.failOpen = 3
    await during(api(1).createTopic({ name: 't', partitions: 1, replicas: 3 }))
    expect(api(2).readiness()).toEqual({ ready: false, reason: '1 replicas are not opened yet.' })
    await cluster.clock.advance(2000)
    expect(api(2).readiness().ready).toBe(true)
  })
})

test('producer ids are unique over brokers, blocks and restarts', async () => {
  const seen: number[] = []
  const take = async (id: number, count: number): Promise<void> => {
    const all = await during(Promise.all(Array.from({ length: count }, () => api(id).initProducer())))
    expect(all.every(({ epoch }) => epoch === 0)).toBe(true)
    seen.push(...all.map(({ producerId }) => producerId))
  }
  for (const id of ids) await take(id, 700)
  await take(2, 1500)
  for (const id of ids) {
    await restart(id)
    await cluster.clock.advance(2000)
    await take(id, 10)
  }
  expect(new Set(seen).size).toBe(seen.length)
  expect(seen).toHaveLength(3630)
  await during(api(1).createTopic({ name: 'of-producers', partitions: 1, replicas: 3 }))
  await cluster.clock.advance(100)
  for (const id of ids) {
    const isGiven = cluster.broker(id).groups.opened.at(-1)!.isGiven!
    for (const given of seen) expect(isGiven(given)).toBe(true)
    let next = Math.max(...seen) + 1
    while (isGiven(next)) next++
    for (let left = 3000; left > 0 && !isGiven(next); left -= 1) await during(api(1).initProducer())
    await cluster.clock.advance(100)
    expect([isGiven(next), isGiven(next + 999), isGiven(next + 1000)]).toEqual([true, true, false])
  }
})

test('the cluster is described with the living brokers', async () => {
  const leader = cluster.world.leaderOf(0)
  const cluster3 = await api(1).describeCluster()
  expect(cluster3).toMatchObject({ clusterId: cluster.broker(1).node.identity().clusterId, metadataLeader: leader })
  expect(cluster3.brokers).toEqual(
    ids.map((id) => ({
      id,
      http: `http-${id}:8080`,
      peer: `peer-${id}:7080`,
      level: 0,
      alive: true,
      pid: 1000 + id,
      featureLevels: { lowest: 1, highest: featureLevels.highest },
    })),
  )
  await cluster.kill(cluster.broker(3))
  await cluster.clock.advance(1000)
  expect((await api(1).describeCluster()).brokers.map(({ alive }) => alive)).toEqual([true, true, false])
  expect(
    api(1)
      .routing([])
      .brokers.map(({ alive }) => alive),
  ).toEqual([true, true, false])
})

test('subscribers are told of partitions that change leaders, until they stop', async () => {
  await during(api(1).createTopic({ name: 't', partitions: 1, replicas: 3 }))
  const heard: string[] = []
  const stop = api(1).onLeadership((topic, partition) => void heard.push(`${topic} ${partition}`))
  cluster.world.elect(1, 2)
  await cluster.clock.advance(10)
  expect(new Set(heard)).toEqual(new Set(['t 0']))
  stop()
  const before = heard.length
  cluster.world.elect(1, 3)
  await cluster.clock.advance(10)
  expect(heard).toHaveLength(before)
})

test('a peer that sends a request that is not answered here gets an error', async () => {
  // A cluster without the part that looks after cascade brokers.
  const answer = cluster.broker(1).node.handlers.request(2, 'CascadeStatus', { correlation: 0 }, new Uint8Array())
  await expect(answer).rejects.toMatchObject({ code: 'UNSUPPORTED_MESSAGE' })
})

test('closing answers waiting callers and writes the state out', async () => {
  await during(api(1).createTopic({ name: 't', partitions: 1, replicas: 3 }))
  cluster.world.elect(1, 0)
  const writer = new BatchWriter()
  writer.append({ timestamp: 0, key: null, value: 'x' })
  const bytes = writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 })
  const held = api(1).publish('t', 0, bytes, { timeoutMs: 10_000, wait: true })
  const answered = expect(held).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
  await cluster.broker(1).node.close()
  await answered
  expect(api(1).readiness().ready).toBe(false)
})
