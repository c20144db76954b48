import { TailraceError } from '@tailrace/schemas'
import { afterEach, describe, expect, it } from 'vitest'
import { aGroupDescription, someMoves } from '../doors/testing/memory-admin.ts'
import type { MemoryBroker } from '../doors/testing/memory-broker.ts'
import { batchOf, recordsOf } from '../partition/testing/batches.ts'
import { nodeClock } from '../platform/node/clock.ts'
import { anonymousSession } from '../security/identity/session.ts'
import { wayTo } from './testing/silent-way.ts'
import {
  batchesAt,
  CascadeDisk,
  publishTo,
  recordsAt,
  startTier,
  startTop,
  type Tier,
  type Top,
  until,
} from './testing/tiers.ts'

const anonymous = anonymousSession('127.0.0.1')
const running: { stop(): Promise<void> }[] = []
async function top(...args: Parameters<typeof startTop>): Promise<Top> {
  const started = await startTop(...args)
  running.push({ stop: () => started.gateway.close() })
  return started
}
async function tier(...args: Parameters<typeof startTier>): Promise<Tier> {
  const started = await startTier(...args)
  running.push(started)
  return started
}
const values = (count: number) => Array.from({ length: count }, (_, n) => `value ${n}`)
const end = (one: Tier, topic: string) => {
  try {
    return one.node.api.findOffset(topic, 0, { kind: 'LATEST', value: 0 }).then(
      ({ highWatermark }) => highWatermark,
      () => -1,
    )
  } catch {
    return -1
  }
}
const reaches = (one: Tier, topic: string, offset: number) =>
  until(`${topic} to ${offset}`, async () => (await end(one, topic)) === offset)
/** A broker of level 0 whose retention has removed the records of the topic "t" before `start`. */
async function forgetful() {
  const memory: { broker: MemoryBroker | null; start: number } = { broker: null, start: 0 }
  const refuse = (offset: number) => {
    if (offset < memory.start) throw new TailraceError('OFFSET_OUT_OF_RANGE', `${offset} is before ${memory.start}`)
  }
  const started = await top({
    async fetch(topic, partition, request) {
      refuse(request.offset)
      return { ...(await memory.broker!.fetch(topic, partition, request)), logStart: memory.start }
    },
    async findOffset(topic, partition, position) {
      if (position.kind === 'OFFSET') refuse(position.value)
      const found = await memory.broker!.findOffset(topic, partition, position)
      const offset = position.kind === 'EARLIEST' ? memory.start : found.offset
      return { ...found, offset, logStart: memory.start }
    },
  })
  memory.broker = started.broker
  await started.broker.createTopic({ name: 't', partitions: 1, replicas: 1 })
  return Object.assign(memory, { top: started })
}
const fetching = (offset: number, waitMs: number) => ({ offset, maxBytes: 2 ** 20, waitMs })

afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop().catch(() => {})
})

describe('levels', () => {
  it('M88 a topic that is deleted, or created anew under its name, is so on every level within a beat of each', async () => {
    const { broker, address } = await top()
    const former = await broker.createTopic({ name: 't', partitions: 1, replicas: 1 })
    await publishTo(broker, 't', ['old 0', 'old 1', 'old 2'])
    const one = await tier(101, [address])
    const two = await tier(201, [one.address])
    await reaches(two, 't', 3)
    const waiting = two.node.api.fetch('t', 0, { ...fetching(3, 20_000), topicId: former.id }).catch(({ code }) => code)
    await broker.deleteTopic('t')
    const started = performance.now()
    await until('deleted', () => two.node.api.listTopics().length === 0)
    // The clock of these tests is five times as fast: two beats of 1 s, and no grace of 10 s a level.
    expect((performance.now() - started) * 5).toBeLessThan(5_000)
    expect(await waiting).toBe('UNKNOWN_TOPIC')

    const again = await broker.createTopic({ name: 't', partitions: 1, replicas: 1 })
    await publishTo(broker, 't', ['new 0', 'new 1', 'new 2', 'new 3'])
    await reaches(two, 't', 4)
    for (const { node } of [one, two]) {
      expect(await recordsAt(node.api, 't')).toEqual(['0:new 0', '1:new 1', '2:new 2', '3:new 3'])
      const stale = { topicId: former.id }
      const batch = batchOf(['x'])
      const refused = await Promise.all(
        [
          node.api.fetch('t', 0, { ...fetching(3, 0), ...stale }),
          node.api.findOffset('t', 0, { kind: 'OFFSET', value: 3 }, { topicId: former.id }),
          node.api.publish('t', 0, batch, { timeoutMs: 1_000, wait: true, ...stale }),
        ].map((asked) => asked.catch(({ code }) => code)),
      )
      expect(refused).toEqual(Array(3).fill('TOPIC_ID_MISMATCH'))
      const meant = await node.api.fetch('t', 0, { ...fetching(3, 0), topicId: again.id })
      expect(meant.nextOffset).toBe(4)
    }
  })

  it('M88 partitions that a topic gets are copied on every level, from their beginning', async () => {
    const { broker, address } = await top()
    await broker.createTopic({ name: 't', partitions: 1, replicas: 1 })
    await publishTo(broker, 't', ['a'])
    const one = await tier(101, [address])
    const two = await tier(201, [one.address])
    await reaches(two, 't', 1)
    const heard: string[] = []
    const stop = two.node.api.onLeadership((topic, partition) => void heard.push(`${topic} ${partition}`))
    broker.addPartitions('t', 3)
    await broker.publish('t', 2, batchOf(['b', 'c']), {})
    await until('the new partition', async () => {
      const found = await two.node.api.findOffset('t', 2, { kind: 'LATEST', value: 0 }).catch(() => null)
      return found?.highWatermark === 2
    })
    stop()
    expect(heard).toEqual(['t 1', 't 2'])
    expect(two.node.api.listTopics()).toMatchObject([{ partitions: 3 }])
    expect((await two.node.api.fetch('t', 2, fetching(0, 0))).nextOffset).toBe(2)
    expect(await recordsAt(two.node.api, 't')).toEqual(['0:a'])
  })

  it('M88 the copy of a topic never goes on with the records of another one that has its name', async () => {
    const known = { version: 1 }
    const { broker, address } = await top({ topicsVersion: () => known.version })
    await broker.createTopic({ name: 't', partitions: 1, replicas: 1 })
    await publishTo(broker, 't', ['old 0', 'old 1'])
    const one = await tier(101, [address])
    await reaches(one, 't', 2)
    const copy = one.node.api
    // Its list is outdated: it asks again and again for the topic that it copies, by its id.
    await broker.deleteTopic('t')
    await broker.createTopic({ name: 't', partitions: 1, replicas: 1 })
    await publishTo(broker, 't', ['new 0', 'new 1', 'new 2', 'new 3'])
    await until('the new topic is copied', async () => (await recordsAt(copy, 't').catch(() => [])).length === 4)
    expect(await recordsAt(copy, 't')).toEqual(['0:new 0', '1:new 1', '2:new 2', '3:new 3'])
  })

  it('M88 a request of an operator to a cascade broker is about one topic, not about two of the same name', async () => {
    const { broker, address } = await top()
    const former = await broker.createTopic({ name: 't', partitions: 1, replicas: 1, config: { readOnly: true } })
    const { node } = await tier(101, [address])
    await until('the topic is copied', () => node.api.listTopics().length === 1)
    await broker.deleteTopic('t')
    const config = { retentionMs: 5_000 }
    const present = await broker.createTopic({ name: 't', partitions: 1, replicas: 1, config })
    // Its copy is still that of the former one.
    expect(await node.api.describeTopic('t')).toMatchObject({ id: present.id, config })

    const place = { kind: 'partition', topic: 't', partition: 0 } as const
    const admin = node.admin.for(anonymous)
    const asked = (topicId: string) => [
      node.api.describeTopic('t', topicId),
      admin.describeGroup({ ...place, topicId }),
      admin.members({ ...place, topicId }),
      admin.changeMembers({ ...place, topicId }, [1]),
      admin.cancelChange({ ...place, topicId }),
      admin.transferLeadership({ ...place, topicId }, 1),
      admin.forceMembers({ ...place, topicId }, { members: [1], acceptDataLoss: true, by: '' }),
      admin.snapshot({ ...place, topicId }, { broker: 1, thenFetch: false }),
      admin.setPriority({ ...place, topicId }, { broker: 1, factor: 2 }),
      admin.alterTopic('t', { readOnly: false }, topicId),
      node.api.deleteTopic('t', topicId),
    ]
    const codes = asked(former.id).map((answer) => answer.catch(({ code }) => code))
    expect(await Promise.all(codes)).toEqual(Array(11).fill('TOPIC_ID_MISMATCH'))
    expect(broker.topics.get('t')).toMatchObject({ id: present.id, config })
    await Promise.all(asked(present.id))
    expect(broker.topics.has('t')).toBe(false)
  })

  it('M88 what is watched at a cascade broker is asked of its source, once for all, and not while it is cut off', async () => {
    const { broker, address } = await top()
    const { id } = await broker.createTopic({ name: 't', partitions: 1, replicas: 1 })
    const { node } = await tier(101, [address])
    await until('the topic is copied', () => node.api.listTopics().length === 1)
    const place = { kind: 'partition', topic: 't', partition: 0, topicId: id } as const
    expect(await node.admin.own.describeGroup(place)).toEqual(aGroupDescription)
    expect(await node.admin.own.moves()).toEqual(someMoves)
    node.close()
    await expect(node.admin.own.moves()).rejects.toMatchObject({ retriable: true })
  })

  it('M88 each copies the one above: the same offsets and bytes, topics created later included; publishes are forwarded upward', async () => {
    const { broker, address } = await top()
    await broker.createTopic({ name: 'early', partitions: 1, replicas: 1 })
    await publishTo(broker, 'early', ['a', 'b'])
    const one = await tier(101, [address])
    const two = await tier(201, [one.address])
    await reaches(two, 'early', 2)
    await two.node.api.createTopic({ name: 'late', partitions: 2, replicas: 1 })
    const result = await publishTo(two.node.api, 'late', ['x', 'y', 'z'], 1)
    expect(result).toMatchObject({
      baseOffset: 0,
      lastOffset: 2,
      duplicate: false,
      token: { term: 1, index: 1, seal: '00112233aabbccdd' },
    })
    await until('the copy', async () => (await recordsAt(two.node.api, 'late', 1)).length === 3)
    for (const [topic, partition] of [
      ['early', 0],
      ['late', 1],
    ] as const) {
      const truth = (await batchesAt(broker, topic, partition)).map((batch) => Buffer.from(batch))
      for (const { api } of [one.node, two.node]) {
        expect((await batchesAt(api, topic, partition)).map((batch) => Buffer.from(batch))).toEqual(truth)
      }
    }
    const brokers = (await two.node.api.describeCluster()).brokers
    const levels = brokers.map(({ id, level }) => [id, level])
    expect(brokers.map(({ id, rack, load }) => [id, rack, load?.connections, load?.ready])).toEqual([
      [1, undefined, undefined, undefined],
      [101, 'rack-101', 101, true],
      [201, 'rack-201', 201, true],
    ])
    await until('level 0 to know all', async () => (await one.node.control.status()).brokers.length === 2)
    expect(levels).toContainEqual([201, 2])
    const described = await two.node.api.describeTopic('late')
    expect(described.partitions[1]).toMatchObject({ leader: 1, replicas: [1], logStart: 0, highWatermark: 3 })
  })

  it('M88 requests that only the leader can answer are forwarded to the source, with its own errors', async () => {
    const { broker, address } = await top()
    await broker.createTopic({ name: 't', partitions: 1, replicas: 1 })
    const { node } = await tier(101, [address])
    await until('a source', () => node.uplink.session !== null)
    expect(await node.api.initProducer()).toEqual({ producerId: 100, epoch: 0 })
    await expect(node.api.createTopic({ name: 't', partitions: 1, replicas: 1 })).rejects.toMatchObject({
      code: 'TOPIC_EXISTS',
    })
    broker.publishFailures.push('READ_ONLY')
    await expect(publishTo(node.api, 't', ['a'])).rejects.toMatchObject({ code: 'READ_ONLY' })
    broker.publishFailures.push('LEADER_UNAVAILABLE', 'NOT_LEADER')
    expect(await publishTo(node.api, 't', ['a'])).toMatchObject({ baseOffset: 0 })
    await expect(
      node.admin.for(anonymous).describeGroup({ kind: 'partition', topic: 'none', partition: 0 }),
    ).rejects.toMatchObject({
      code: 'UNKNOWN_TOPIC',
    })
    const { token } = await publishTo(node.api, 't', ['b'])
    const read = await node.api.fetch('t', 0, { ...fetching(1, 0), token: token! })
    expect(read.nextOffset).toBe(2)
    const made = node.api.fetch('t', 0, { ...fetching(1, 0), token: { ...token!, seal: '' } })
    await expect(made).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })

  it('M88 goes on after a restart where its disk ends, and serves its records without a source', async () => {
    const { broker, address, gateway } = await top()
    await broker.createTopic({ name: 't', partitions: 1, replicas: 1 })
    await publishTo(broker, 't', values(10))
    const disk = new CascadeDisk()
    const first = await startTier(101, [address], disk)
    await reaches(first, 't', 10)
    await first.stop()
    await publishTo(broker, 't', ['later'])
    const fetches = broker.lastFetch
    const second = await tier(101, [address], disk)
    await reaches(second, 't', 11)
    expect(broker.lastFetch).not.toBe(fetches)
    expect(second.node.counts.bytes).toBeLessThan((await batchesAt(broker, 't'))[0]!.length)
    await gateway.close()
    await until('the loss to be noticed', () => second.node.uplink.session === null)
    expect((await recordsAt(second.node.api, 't')).length).toBe(11)
    expect(second.node.api.readiness().ready).toBe(true)
    const lost = second.node.api.publish('t', 0, new Uint8Array(70), { timeoutMs: 100, wait: false })
    await expect(lost).rejects.toMatchObject({ code: 'LEADER_UNAVAILABLE' })
    await until('time to count as lag', () => second.node.lag.milliseconds > 50)
  })

  it('M88 a source whose connection goes silent without an end is lost, and found again at another address', async () => {
    const { broker, address } = await top()
    await broker.createTopic({ name: 't', partitions: 1, replicas: 1 })
    const one = await tier(101, [address])
    await until('a source', () => one.node.uplink.session !== null)
    const way = await wayTo(one.address)
    running.push({ stop: () => way.close() })
    const below = await tier(201, [way.address])
    const { uplink } = below.node
    await until('its address to be known', () => {
      return uplink.last?.cluster.brokers.some(({ http, alive }) => http === one.address && alive) === true
    })
    expect(uplink.session?.address).toBe(way.address)
    way.swallow()
    await until('the loss', () => uplink.session?.address !== way.address)
    await until('the other way', () => uplink.session?.address === one.address)
    await publishTo(broker, 't', ['after'])
    await reaches(below, 't', 1)
  })

  it('M88 one connection to the source carries all requests that a cascade broker makes for itself', async () => {
    const { broker, address, gateway } = await top()
    for (const name of ['a', 'b', 'c']) await broker.createTopic({ name, partitions: 4, replicas: 1 })
    await publishTo(broker, 'c', values(5), 3)
    const { node } = await tier(101, [address])
    await until('the copy', async () => (await recordsAt(node.api, 'c', 3).catch(() => [])).length === 5)
    await until('readiness', () => node.api.readiness().ready)
    const figure = async (name: string): Promise<string[]> => {
      const text = await gateway.registry.metrics()
      return text.split('\n').filter((line) => line.startsWith(name))
    }
    expect(await figure('tailrace_websocket_connections')).toEqual(['tailrace_websocket_connections 1'])
    const overHttp = (await figure('tailrace_http_request_duration_seconds_count')).filter(
      (line) => !line.includes('/stream'),
    )
    expect(overHttp).toEqual([])
    // Requests of clients are forwarded on another connection.
    await publishTo(node.api, 'a', ['x'])
    expect(await figure('tailrace_websocket_connections')).toEqual(['tailrace_websocket_connections 2'])
  })

  it('M88 a source that dies is replaced by one of its level that was learnt from it', async () => {
    const { broker, address } = await top()
    await broker.createTopic({ name: 't', partitions: 1, replicas: 1 })
    const [a, b] = [await tier(101, [address]), await tier(102, [address])]
    await until('sources', () => a.node.uplink.session !== null && b.node.uplink.session !== null)
    const below = await tier(201, [a.address])
    await publishTo(broker, 't', values(5))
    await reaches(below, 't', 5)
    await until('the other to be known', () => {
      return below.node.uplink.last!.cluster.brokers.some(({ id, alive }) => id === 102 && alive)
    })
    await a.stop()
    await until('the other source', () => below.node.uplink.session?.source === 102)
    await publishTo(broker, 't', ['after'])
    await reaches(below, 't', 6)
    expect(await recordsAt(below.node.api, 't')).toEqual([...values(5).map((value, n) => `${n}:${value}`), '5:after'])
    expect(below.node.uplink.level).toBe(2)
  })
})

describe('a source', () => {
  it('M89 that copies from the broker that asks is refused, as is that broker itself', async () => {
    const { address } = await top()
    const one = await tier(101, [address])
    const two = await tier(201, [one.address])
    await until('both sources', () => two.node.uplink.session !== null)
    await until('the chain', () => two.node.uplink.ancestors.length === 3)
    const beat = (broker: number) => ({ clusterId: 'test-cluster', broker, reports: [one.node.report()] })
    // On a busy machine its source may be away for a moment, which a beat is told as NOT_READY.
    await until('the refusal', async () => {
      const error = await two.node.control.beat(beat(101)).then(() => null, TailraceError.from)
      return error?.code === 'CASCADE_CYCLE'
    })
    await expect(one.node.control.beat(beat(101))).rejects.toMatchObject({ code: 'CASCADE_CYCLE' })
    await until('level 0 to know the chain', async () =>
      (await two.node.control.status()).brokers.some(({ source }) => source === 101),
    )
    await expect(two.node.control.assign(101, 201)).rejects.toMatchObject({ code: 'CASCADE_CYCLE' })
  })

  it('M88 of another cluster is refused, and the copies here are not changed', async () => {
    const { broker, address } = await top()
    await broker.createTopic({ name: 't', partitions: 1, replicas: 1 })
    await publishTo(broker, 't', ['mine'])
    const disk = new CascadeDisk()
    const first = await startTier(101, [address], disk)
    await reaches(first, 't', 1)
    await first.stop()
    await running.splice(0)[0]!.stop()
    const other = await top({}, 'another-cluster')
    const second = await tier(101, [other.address], disk)
    await until('the refusal', () => second.node.uplink.refusal.includes('another cluster'))
    expect(await recordsAt(second.node.api, 't')).toEqual(['0:mine'])
  })

  it('M88 does not take two brokers of one number, nor one of level 0', async () => {
    const { address, control } = await top()
    const one = await tier(101, [address])
    await until('a source', () => one.node.uplink.session !== null)
    const twin = await tier(101, [address])
    await until('the refusal', () => twin.node.uplink.refusal.includes('another data folder'))
    const beat = { clusterId: '', broker: 1, reports: [] }
    await expect(control.beat(beat)).rejects.toMatchObject({ code: 'BROKER_IDENTITY_MISMATCH' })
  })

  it('M88 whose log begins past the end here by now has the copy begin anew there', async () => {
    const source = await forgetful()
    const { broker, address } = source.top
    for (const value of values(10)) await publishTo(broker, 't', [value])
    const disk = new CascadeDisk()
    source.start = 4
    const first = await startTier(101, [address], disk)
    await reaches(first, 't', 10)
    expect((await first.node.api.findOffset('t', 0, { kind: 'EARLIEST', value: 0 })).offset).toBe(4)
    // It has missed nothing: the records before were gone when it began.
    expect(first.node.counts).toMatchObject({ newBeginnings: 0, missedRecords: 0 })
    await first.stop()
    for (const value of values(10)) await publishTo(broker, 't', [value])
    source.start = 15
    const second = await tier(101, [address], disk)
    await reaches(second, 't', 20)
    expect(await second.node.api.findOffset('t', 0, { kind: 'EARLIEST', value: 0 })).toMatchObject({ logStart: 15 })
    await expect(second.node.api.fetch('t', 0, fetching(9, 0))).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
    expect(second.node.counts).toMatchObject({ newBeginnings: 1, missedRecords: 5 })
  })

  it('M88 that has removed what comes next is told on all levels: readers, reports, also after a restart', async () => {
    const source = await forgetful()
    const { broker, address, control } = source.top
    for (const value of values(10)) await publishTo(broker, 't', [value])
    const [disk, below] = [new CascadeDisk(), new CascadeDisk()]
    const first = await startTier(101, [address], disk)
    const two = await startTier(201, [first.address], below)
    await reaches(two, 't', 10)
    const waiting = two.node.api.fetch('t', 0, fetching(10, 60_000)).catch((error) => error)
    await first.stop()
    for (const value of values(10)) await publishTo(broker, 't', [value])
    source.start = 15
    const one = await tier(101, [address], disk, { port: first.port })
    await reaches(two, 't', 20)
    expect(await waiting).toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
    const all = values(10)
      .slice(5)
      .map((value, n) => `${15 + n}:${value}`)
    for (const { node } of [one, two]) {
      expect(await recordsAt(node.api, 't', 0, 15)).toEqual(all)
      const told = { logStart: 15, highWatermark: 20 }
      expect(await node.api.findOffset('t', 0, { kind: 'EARLIEST', value: 0 })).toMatchObject({ offset: 15, ...told })
      await expect(node.api.fetch('t', 0, fetching(10, 0))).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
      expect(node.counts).toMatchObject({ newBeginnings: 1, missedRecords: 5 })
      expect(node.report()).toMatchObject({ overtaken: 1, missedRecords: 5 })
    }
    const reported = async () =>
      (await control.status()).brokers.map(({ overtaken, missedRecords }) => [overtaken, missedRecords])
    await until('level 0 to know it', async () => `${await reported()}` === '1,5,1,5')
    await two.stop()
    const again = await tier(201, [one.address], below)
    expect(again.node.report()).toMatchObject({ overtaken: 1, missedRecords: 5 })
  })

  it('M88 whose bytes change in transfer is asked again', async () => {
    const memory: { broker: MemoryBroker | null; spoil: boolean } = { broker: null, spoil: true }
    const { broker, address } = await top({
      async fetch(topic, partition, request) {
        const result = await memory.broker!.fetch(topic, partition, request)
        if (!memory.spoil || result.batches.length === 0) return result
        memory.spoil = false
        const spoilt = result.batches[0]!.slice()
        spoilt[spoilt.length - 2]! ^= 4
        return { ...result, batches: [spoilt] }
      },
    })
    memory.broker = broker
    await broker.createTopic({ name: 't', partitions: 1, replicas: 1 })
    await publishTo(broker, 't', ['whole'])
    const one = await tier(101, [address])
    await reaches(one, 't', 1)
    expect(memory.spoil).toBe(false)
    expect(one.node.uplink.changes).toBe(2)
    expect(await recordsAt(one.node.api, 't')).toEqual(['0:whole'])
  })
})

describe('a new cascade broker', () => {
  it('is not ready before it has all records of its source, and "latest" is where that ends, on the level below too', async () => {
    let open = () => {}
    const gate = new Promise<void>((resolve) => (open = resolve))
    const { broker, address } = await top({
      fetch: (...args) => gate.then(() => broker.fetch(...args)),
    })
    await broker.createTopic({ name: 't', partitions: 1, replicas: 1 })
    await publishTo(broker, 't', values(30))
    const one = await tier(101, [address])
    const two = await tier(201, [one.address])
    const tiers = [one, two]
    const latest = async ({ node }: Tier) => (await node.api.findOffset('t', 0, { kind: 'LATEST', value: 0 })).offset
    await until('the topic', () => tiers.every(({ node }) => node.api.listTopics().length === 1))
    expect(await Promise.all(tiers.map(latest))).toEqual([30, 30])
    expect(tiers.map(({ node }) => node.api.readiness().ready)).toEqual([false, false])
    // The level below has all records of its source, which has none.
    const { readiness } = two.node.api
    await until('the reason', () => readiness().reason === 'The source has not caught up with its own source yet.')
    const waiting = two.node.api.fetch('t', 0, fetching(await latest(two), 5_000))
    open()
    await until('readiness', () => tiers.every(({ node }) => node.api.readiness().ready))
    expect(await Promise.all(tiers.map((each) => end(each, 't')))).toEqual([30, 30])
    await publishTo(broker, 't', ['new'])
    expect(recordsOf((await waiting).batches)).toEqual(['30:new'])
  })
})

describe('a full disk', () => {
  it('M88 stops the copies, and not what is known of the source: lag grows here and at the source, until there is room', async () => {
    const { broker, address, control } = await top()
    await broker.createTopic({ name: 't', partitions: 2, replicas: 1 })
    await publishTo(broker, 't', ['a', 'b'])
    const disk = new CascadeDisk()
    const { node } = await tier(101, [address], disk)
    await until('both records are here', async () => (await recordsAt(node.api, 't').catch(() => [])).length === 2)
    const { freeBytes } = disk.disk
    disk.disk.freeBytes = -1
    await until('copying stops', () => broker.leadership.size === 0)
    await publishTo(broker, 't', values(10))
    await publishTo(broker, 't', values(3), 1)
    await until('it is told where its source ends', () => node.lag.records === 13)
    const { bytes, milliseconds } = node.lag
    expect(bytes).toBeGreaterThan(13)
    await until('the time grows', () => node.lag.milliseconds > milliseconds + 1_000)
    expect(node.lag.milliseconds).toBeGreaterThan(1_000)
    const told = () => control.status().then(({ brokers: [one] }) => one)
    await until('its source knows', async () => (await told())!.lagRecords === 13 && (await told())!.lagMs > 1_000)
    disk.disk.freeBytes = freeBytes
    await until('all records are here', () => node.lag.records === 0)
    expect((await recordsAt(node.api, 't')).length).toBe(12)
  })
})

describe('a slow disk', () => {
  it('M88 slows the subscription: bytes that are not on the disk are bounded', async () => {
    const { broker, address } = await top()
    await broker.createTopic({ name: 't', partitions: 1, replicas: 1 })
    const disk = new CascadeDisk()
    const one = await tier(101, [address], disk)
    await until('the topic', () => one.node.api.listTopics().length === 1)
    let open = () => {}
    disk.gate = new Promise((resolve) => (open = resolve))
    const large = 'x'.repeat(256 * 1024)
    for (let n = 0; n < 40; n++) await publishTo(broker, 't', [large])
    let bytes = -1
    await until('all that credit lets through', async () => {
      const before = bytes
      bytes = one.node.counts.bytes
      await new Promise((done) => setTimeout(done, 100))
      return bytes > 0 && bytes === before
    })
    expect(bytes).toBeLessThanOrEqual(5 * 2 ** 20)
    expect(await end(one, 't')).toBe(0)
    const { lag } = one.node
    expect(lag.records).toBeGreaterThan(0)
    // By the mean size of what has come: records of 256 KiB, each in a batch.
    expect(lag.bytes / lag.records / large.length).toBeCloseTo(1, 2)
    disk.gate = null
    open()
    await reaches(one, 't', 40)
  })

  it('M88 readers that have seen more elsewhere wait here, and their offset is not refused', async () => {
    const { broker, address } = await top()
    await broker.createTopic({ name: 't', partitions: 1, replicas: 1 })
    const disk = new CascadeDisk()
    const one = await tier(101, [address], disk)
    await until('the topic', () => one.node.api.listTopics().length === 1)
    let open = () => {}
    disk.gate = new Promise((resolve) => (open = resolve))
    for (const value of values(3)) await publishTo(broker, 't', [value])
    const { api } = one.node
    expect(await api.findOffset('t', 0, { kind: 'OFFSET', value: 2 })).toMatchObject({ offset: 2, highWatermark: 0 })
    expect(await api.fetch('t', 0, fetching(2, 0))).toMatchObject({ nextOffset: 2, bytes: 0 })
    const nowhere = { code: 'OFFSET_OUT_OF_RANGE' }
    await expect(api.findOffset('t', 0, { kind: 'OFFSET', value: 99 })).rejects.toMatchObject(nowhere)
    await expect(api.fetch('t', 0, fetching(99, 20))).rejects.toMatchObject(nowhere)
    const waiting = api.fetch('t', 0, fetching(2, 10_000))
    disk.gate = null
    open()
    expect((await waiting).nextOffset).toBe(3)
  })
})

it('M89 an assigned broker moves to its source without gap or duplicate, and keeps the choice through a restart', async () => {
  const { broker, address, control } = await top()
  await broker.createTopic({ name: 't', partitions: 1, replicas: 1 })
  const [a, b] = [await tier(101, [address]), await tier(102, [address])]
  const disk = new CascadeDisk()
  const first = await startTier(201, [a.address], disk)
  await until(
    'all to be known',
    async () => (await control.status()).brokers.filter(({ source }) => source !== 0).length === 3,
  )
  let published = 0
  const publishing = nodeClock.every(5, () => void publishTo(broker, 't', [`value ${published++}`]))
  await b.node.control.assign(201, 102)
  expect(first.node.uplink.session!.source).toBe(102)
  await control.assign(201, 101)
  expect(first.node.uplink.session!.source).toBe(101)
  publishing.cancel()
  await reaches(first, 't', published)
  expect(await recordsAt(first.node.api, 't')).toEqual(values(published).map((value, n) => `${n}:${value}`))
  await first.stop()
  const second = await tier(201, [b.address], disk)
  await until('the chosen source', () => second.node.uplink.session?.source === 101)
}, 20_000)
