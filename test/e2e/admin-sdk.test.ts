import { Admin, Consumer, json, Producer, topic } from '@tailrace/sdk'
import { startCluster, type TestCluster } from '@tailrace/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'

let cluster: TestCluster
let admin: Admin
let producer: Producer

beforeAll(async () => {
  cluster = await startCluster({ brokers: 3 })
  admin = new Admin({ servers: cluster.servers })
  producer = new Producer({ servers: cluster.servers, lingerMs: 0 })
  await admin.connect()
})
afterAll(async () => {
  await producer?.close()
  await admin?.close()
  await cluster?.close()
})

it('topics are created, described, altered, grown and deleted', async () => {
  const created = await admin.createTopic('flights', { partitions: 2, config: { 'retention.ms': 60_000 } })
  expect(created).toMatchObject({ name: 'flights', partitions: 2, replicas: 3, config: { retentionMs: 60_000 } })
  await expect(admin.createTopic('flights')).rejects.toMatchObject({ code: 'TOPIC_EXISTS' })
  expect((await admin.listTopics()).map(({ name }) => name)).toContain('flights')
  expect(await admin.alterTopic('flights', { retentionMs: null, maxBatchBytes: 2_000 })).toEqual({
    maxBatchBytes: 2_000,
  })
  expect(await admin.addPartitions('flights', 4)).toMatchObject({ partitions: 4 })
  const described = await admin.describeTopic('flights')
  expect(described.partitions.map(({ partition, replicas }) => [partition, replicas.length])).toEqual([
    [0, 3],
    [1, 3],
    [2, 3],
    [3, 3],
  ])
  expect(described.settings.find(({ name }) => name === 'max.message.bytes')).toMatchObject({
    alias: 'maxBatchBytes',
    value: 2_000,
    source: 'topic',
  })
  await expect(admin.deleteTopic('flights', { topicId: 'another' })).rejects.toMatchObject({
    code: 'TOPIC_ID_MISMATCH',
  })
  await admin.deleteTopic('flights', { topicId: described.id })
  await expect(admin.describeTopic('flights')).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
})

it('a topic is ensured: created by one of many at once, compared by the others, never changed', async () => {
  const orders = topic('orders', json<object>())
  const spec = { partitions: 3, config: { 'retention.ms': 60_000 } }
  const admins = cluster.servers.map((server) => new Admin({ servers: [server] }))
  const outcomes = await Promise.all(admins.map((one) => one.ensureTopic(orders, spec)))
  expect(outcomes.filter(({ isCreated }) => isCreated)).toHaveLength(1)
  for (const { topic, differences } of outcomes) {
    expect([topic.name, topic.partitions.length, differences]).toEqual(['orders', 3, []])
  }
  expect(await admin.ensureTopic('orders', { config: { retentionMs: 60_000, readOnly: false } })).toMatchObject({
    isCreated: false,
    differences: [],
  })
  const other = { partitions: 4, replicas: 3, config: { 'retention.ms': -1, segmentBytes: 2 ** 21 } }
  const differences = [
    { name: 'partitions', wanted: 4, actual: 3 },
    { name: 'retention.ms', wanted: -1, actual: 60_000 },
    { name: 'segmentBytes', wanted: 2 ** 21, actual: expect.any(Number) },
  ]
  await expect(admin.ensureTopic('orders', other)).rejects.toMatchObject({
    code: 'TOPIC_DIFFERS',
    message: expect.stringContaining('"orders": partitions is 3, not 4; retention.ms is 60000, not -1; segmentBytes'),
    cause: differences,
  })
  expect(await admin.ensureTopic('orders', other, { onDifference: 'tell' })).toMatchObject({ differences })
  expect((await admin.describeTopic('orders')).partitions).toHaveLength(3)
  await Promise.all(admins.map((one) => one.close()))
})

it('offsets are found by place and time, and the oldest records deleted', async () => {
  await admin.createTopic('log', { partitions: 2 })
  const time = Date.parse('2026-03-01T12:00:00Z')
  const values = [0, 1, 2, 3].map((step) => ({ value: `${step}`, partition: 0, timestamp: time + step * 1_000 }))
  for (const record of values) await producer.send('log', record)
  const offsetsAt = async (at: Parameters<Admin['offsets']>[1]) =>
    [...(await admin.offsets('log', at))].map(([partition, { offset }]) => [partition, offset])
  expect(await offsetsAt('earliest')).toEqual([
    [0, 0],
    [1, 0],
  ])
  expect(await offsetsAt('latest')).toEqual([
    [0, 4],
    [1, 0],
  ])
  expect((await offsetsAt(new Date(time + 1_500)))[0]).toEqual([0, 2])
  expect((await offsetsAt('2026-03-01T12:00:01Z'))[0]).toEqual([0, 1])
  await expect(admin.offsets('log', 3 as never)).rejects.toMatchObject({ code: 'INVALID_SETTING' })
  await expect(admin.offsets('no-such-topic', 'latest')).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
  expect(await admin.deleteRecords('log', 0, 2)).toBe(2)
  expect((await offsetsAt('earliest'))[0]).toEqual([0, 2])
  await expect(admin.deleteRecords('log', 0, 9)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
  const [written, empty] = [...(await admin.sizes('log')).values()]
  expect(written!.bytes).toBeGreaterThan(4 * 60)
  expect(written!.replicaBytes).toBeGreaterThanOrEqual(2 * written!.bytes)
  expect(empty).toMatchObject({ bytes: expect.any(Number), replicaBytes: expect.any(Number) })
  await expect(admin.sizes('no-such-topic')).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
  await expect(admin.deleteRecords('log', -1, 0)).rejects.toMatchObject({ code: 'UNKNOWN_PARTITION' })
  expect(await admin.deleteRecords('log', 0, 'latest')).toBe(4)
})

it('consumer groups are listed, described, reset and deleted', async () => {
  await admin.createTopic('work')
  await producer.sendBatch(
    'work',
    [0, 1, 2, 3, 4].map((step) => ({ value: `${step}` })),
  )
  const consumer = new Consumer({ servers: cluster.servers })
  const group = consumer.group('workers', { heartbeats: 'timers' })
  for await (const record of group.subscribe('work')) {
    await record.commit()
    const { members, partitions } = await admin.describeGroup('workers')
    expect(members).toHaveLength(1)
    expect(partitions).toMatchObject([{ topic: 'work', partition: 0, member: members[0]!.id, offset: 1 }])
    await expect(admin.resetGroup('workers', 'latest')).rejects.toMatchObject({ code: 'CONSUMER_GROUP_ACTIVE' })
    break
  }
  await consumer.close()
  await expect.poll(async () => (await admin.describeGroup('workers')).members).toEqual([])
  expect(await admin.listGroups()).toEqual([
    expect.objectContaining({ group: 'workers', members: 0, topics: ['work'] }),
  ])
  const moved = (from: number, offset: number) => [
    expect.objectContaining({ topic: 'work', partition: 0, from, offset }),
  ]
  expect(await admin.resetGroup('workers', 'latest', { dryRun: true })).toEqual(moved(1, 5))
  expect(await admin.resetGroup('workers', 3)).toEqual(moved(1, 3))
  expect(await admin.resetGroup('workers', '-2')).toEqual(moved(3, 1))
  expect(await admin.resetGroup('workers', new Date())).toEqual(moved(1, 5))
  expect(await admin.resetGroup('newcomers', 'earliest', { topics: ['work'] })).toEqual(moved(-1, 0))
  await admin.deleteGroup('workers')
  await expect(admin.describeGroup('workers')).rejects.toMatchObject({ code: 'UNKNOWN_CONSUMER_GROUP' })
})

it('brokers are listed, leaders moved and replicas changed', async () => {
  await admin.createTopic('places', { replicas: 2 })
  const cluster = await admin.describeCluster()
  expect(cluster.brokers.map(({ id, level, alive }) => [id, level, alive])).toEqual([
    [1, 0, true],
    [2, 0, true],
    [3, 0, true],
  ])
  const tree = await admin.describeCascades()
  expect(tree.brokers.map(({ broker, below }) => [broker, below])).toEqual([
    [1, []],
    [2, []],
    [3, []],
  ])
  const [present] = (await admin.describeTopic('places')).partitions
  const other = present!.replicas.find((id) => id !== present!.leader)!
  expect(await admin.transferLeadership('places', 0, { to: other })).toBe(other)
  const free = [1, 2, 3].find((id) => !present!.replicas.includes(id))!
  await admin.changeReplicas('places', 0, [other, free])
  await expect
    .poll(async () => {
      const { voters, stage, target } = await admin.describeReplicas('places', 0)
      return [voters.toSorted(), stage, target]
    })
    .toEqual([[other, free].toSorted(), 'stable', null])
  await expect(admin.cancelReplicaChange('places', 0)).rejects.toMatchObject({ code: 'CHANGE_FAILED' })
})

it('goes on over the death of the broker that it is connected to', async () => {
  await admin.createTopic('durable')
  for (const broker of cluster.brokers) {
    await broker.kill()
    expect((await admin.ensureTopic('durable', { partitions: 1 })).isCreated).toBe(false)
    expect((await admin.offsets('durable', 'latest')).get(0)).toMatchObject({ offset: 0 })
    await broker.start()
    await cluster.ready()
  }
})

it('ends with its signal, and refuses what it does not know', async () => {
  const abort = new AbortController()
  const ending = new Admin({ servers: cluster.servers, signal: abort.signal })
  await ending.listTopics()
  abort.abort()
  await expect(ending.listTopics()).rejects.toMatchObject({ code: 'ABORTED' })
  const closed = new Admin({ servers: cluster.servers })
  await closed.close()
  await expect(closed.describeCluster()).rejects.toMatchObject({ code: 'CLOSED' })
  expect(() => new Admin({ servers: cluster.servers, linger: 1 } as never)).toThrow('linger')
  await expect(admin.listTopics({ timeout: 1 } as never)).rejects.toMatchObject({ code: 'INVALID_SETTING' })
  await expect(admin.createTopic('a b')).rejects.toMatchObject({ code: 'INVALID_TOPIC_NAME' })
  await expect(admin.describeGroup('')).rejects.toMatchObject({ code: 'INVALID_SETTING' })
})
