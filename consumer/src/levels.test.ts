import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { TestCluster } from '@tailrace/client/testing'
import { BatchWriter } from '@tailrace/schemas'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Consumer, type ConsumerOptions, type Jump, type SubscribeOptions, type Subscription } from './index.ts'

const PARTITIONS = 2
let cluster: TestCluster
const consumers: Consumer[] = []

beforeEach(async () => {
  cluster = await TestCluster.start({ t: PARTITIONS, other: PARTITIONS }, 2)
  for (const id of [101, 102]) await cluster.addCascade(id)
  await cluster.addCascade(201, 'east')
  await cluster.addCascade(202, 'west')
})
afterEach(async () => {
  await Promise.all(consumers.splice(0).map((consumer) => consumer.close()))
  await cluster.close()
})

function consumer(options: Partial<ConsumerOptions> = {}): Consumer {
  const made = new Consumer({ servers: cluster.servers, level: 'nearest', metadataMaxAgeMs: 40, ...options })
  consumers.push(made)
  return made
}

function fill(count: number, topic = 't'): void {
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const writer = new BatchWriter()
    for (let n = 0; n < count; n++) writer.append({ timestamp: 1000, key: null, value: 'v' })
    const batch = writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 })
    cluster.log(topic, partition).append(batch, 1 << 26)
  }
  cluster.pushAll()
}

/** Reads on and on, and notes each record that does not follow the one before it. */
class Reader {
  readonly next = [0, 0]
  readonly faults: string[] = []
  readonly jumps: Jump[] = []
  readonly ended: Promise<unknown>

  constructor(by: Consumer, options: Omit<SubscribeOptions, 'bytes'> = {}, first = 0, topic = 't') {
    this.next.fill(first)
    const onJump = (jump: Jump): number => this.jumps.push(jump)
    this.ended = this.#read(by.subscribe(topic, { from: 'earliest', onJump, ...options })).catch((error) => error)
  }

  async #read(subscription: Subscription<string>): Promise<void> {
    for await (const { partition, offset } of subscription) {
      if (offset !== this.next[partition]) this.faults.push(`${partition}: ${offset} for ${this.next[partition]}`)
      this.next[partition] = offset + 1
    }
  }

  has(end: number) {
    return expect.poll(() => this.next, { timeout: 10_000 }).toEqual([end, end])
  }
}

const cascade = (id: number) => cluster.cascades.find((one) => one.id === id)!
/** The brokers that serve subscriptions. */
const serving = () => {
  return [...cluster.brokers, ...cluster.cascades].filter(({ subscriptions }) => subscriptions > 0).map(({ id }) => id)
}
const servedBy = (...ids: number[]) =>
  expect.poll(() => ids.some((id) => serving().join() === String(id)), { timeout: 10_000 }).toBe(true)
const servedByLevel0 = () => expect.poll(serving, { timeout: 10_000 }).toEqual([1, 2])

describe('level nearest', () => {
  it('reads from the deepest level, from the own rack, and leaves no connection to level 0', async () => {
    const reader = new Reader(consumer({ rack: 'west' }))
    await servedBy(202)
    fill(10)
    await reader.has(10)
    await expect.poll(() => cluster.brokers.map(({ sessions }) => sessions.size)).toEqual([0, 0])
  })

  it.each([
    ['a number: no deeper', 1, () => servedBy(101, 102)],
    ['0: leaders, also where a cascade broker was named', 0, servedByLevel0],
  ] as const)('%s', async (_, level, served) => {
    const reader = new Reader(consumer({ level, servers: [`ws://127.0.0.1:${cascade(201).port}`] }))
    await served()
    fill(10)
    await reader.has(10)
  })

  it('goes to a sibling, up to level 0, and down again, and reads every record once and in order', async () => {
    // Only a broker that will be gone is named: the others are learnt.
    const reader = new Reader(consumer({ rack: 'east', servers: [`ws://127.0.0.1:${cascade(201).port}`] }))
    const step = async (served: () => PromiseLike<void>) => {
      await served()
      const end = cluster.log('t', 0).highWatermark + 10
      fill(10)
      await reader.has(end)
    }
    await step(() => servedBy(201))
    await cascade(201).stop()
    await step(() => servedBy(202))
    await cascade(202).stop()
    await step(() => servedBy(101, 102))
    await Promise.all([101, 102].map((id) => cascade(id).stop()))
    await step(servedByLevel0)
    await cascade(102).start()
    await step(() => servedBy(102))
    await cascade(202).start()
    await step(() => servedBy(202))
    await cascade(201).start()
    await step(() => servedBy(201))
    expect([reader.faults, reader.jumps]).toEqual([[], []])
  })

  it('leaves a level that is too far behind, and comes back', async () => {
    const reader = new Reader(consumer({ maxLagMs: 1_000 }))
    await servedBy(201, 202)
    for (const id of [201, 202]) cascade(id).lagMs = 1_001
    await servedBy(101, 102)
    fill(10)
    await reader.has(10)
    cascade(201).lagMs = 501
    cascade(202).lagMs = 500
    await servedBy(202)
    fill(10)
    await reader.has(20)
    expect(reader.faults).toEqual([])
  })

  it('goes to a broker of its level that has far fewer connections, and stays at one that has hardly more', async () => {
    const reader = new Reader(consumer())
    await servedBy(201, 202)
    const [first] = serving()
    const other = first === 201 ? 202 : 201
    cascade(first!).moreConnections = 90
    await new Promise((done) => setTimeout(done, 400))
    expect(serving()).toEqual([first])
    cascade(first!).moreConnections = 1_000
    await servedBy(other)
    fill(10)
    await reader.has(10)
    expect(reader.faults).toEqual([])
  })

  it('does not go back to a copy that lacks what was read: it reads elsewhere until the copy has it', async () => {
    const reader = new Reader(consumer({ rack: 'east' }), { onOutOfRange: 'earliest' })
    await servedBy(201)
    fill(30)
    await reader.has(30)
    cascade(202).copiedTo = 10
    await cascade(201).stop()
    await servedBy(101, 102)
    fill(10)
    await reader.has(40)
    cascade(202).copiedTo = 1_000
    await servedBy(202)
    fill(10)
    await reader.has(50)
    expect([reader.faults, reader.jumps]).toEqual([[], []])
  })

  it('takes no refusal of a copy for the end of a partition, as a program does that reads from it alone', async () => {
    fill(30)
    for (const { id } of cluster.cascades) cascade(id).copiedTo = 10
    const from = { 0: 30, 1: 30 }
    const options = { from, onOutOfRange: 'earliest' } as const
    const reader = new Reader(consumer(), options, 30)
    await servedByLevel0()
    fill(10)
    await reader.has(40)
    expect([reader.faults, reader.jumps]).toEqual([[], []])
    // Without `level` the refusal counts: it steps back.
    const alone = new Consumer({ servers: [`ws://127.0.0.1:${cascade(201).port}`] })
    consumers.push(alone)
    const stepping = new Reader(alone, options, 30)
    await expect.poll(() => stepping.jumps.length).toBeGreaterThan(0)
    expect(stepping.jumps[0]).toMatchObject({ from: 30, to: 0 })
  })

  it('an offset that level 0 does not have ends the subscription', async () => {
    const reader = new Reader(consumer(), { from: { 0: 7 } })
    expect(await reader.ended).toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
  })

  it('reads topics from different brokers where not all copy them, and several from one where it can', async () => {
    for (const id of [201, 202]) cascade(id).topics = ['t']
    const by = consumer()
    const readers = ['t', 'other', 't'].map((topic) => new Reader(by, {}, 0, topic))
    await expect.poll(() => serving().map((id) => Math.floor(id / 100))).toEqual([1, 2])
    for (const topic of ['t', 'other']) fill(10, topic)
    for (const reader of readers) await reader.has(10)
    const level2 = serving().find((id) => id > 200)!
    expect(cascade(level2).subscriptions).toBe(2)
    for (const id of [101, 102]) cascade(id).topics = ['t']
    await expect.poll(serving, { timeout: 10_000 }).toEqual([1, 2, level2])
    for (const topic of ['t', 'other']) fill(10, topic)
    for (const reader of readers) await reader.has(20)
    expect(readers.flatMap(({ faults }) => faults)).toEqual([])
  })

  it('reads from level 0 where no cascade broker can be reached, though each takes a while to be given up', async () => {
    for (const id of [203, 204, 205, 206, 207, 208]) await cluster.addCascade(id)
    let attempts = 0
    const silent = cluster.cascades.map(() => createServer(() => attempts++).listen(0, '127.0.0.1'))
    await Promise.all(silent.map((server) => once(server, 'listening')))
    for (const [at, server] of silent.entries())
      cluster.cascades[at]!.advertisedPort = (server.address() as AddressInfo).port
    // After a second the first one may be tried again.
    const reader = new Reader(consumer({ connectTimeoutMs: 400, metadataMaxAgeMs: 1_000 }))
    fill(10)
    await reader.has(10)
    // Three of level 2, both of level 1, and one of a later look.
    expect(attempts).toBeLessThanOrEqual(6)
    expect(serving()).toEqual([1, 2])
    for (const server of silent) server.close()
  })

  it('reads from level 0 where brokers tell of no levels', async () => {
    cluster.isOld = true
    const reader = new Reader(consumer())
    await servedByLevel0()
    fill(10)
    await reader.has(10)
  })

  it('many consumers spread over the brokers of a level', async () => {
    const readers = Array.from({ length: 40 }, () => new Reader(consumer()))
    fill(1)
    for (const reader of readers) await reader.has(1)
    expect(cluster.brokers.map(({ subscriptions }) => subscriptions)).toEqual([0, 0])
    for (const id of [201, 202]) expect(cascade(id).subscriptions).toBeGreaterThan(5)
  })
})

it.each([
  [{ level: 'deepest' }, /level/],
  [{ level: -1 }, /level/],
  [{ level: 'nearest', rack: 5 }, /rack/],
  [{ maxLagMs: 1000 }, /level/],
  [{ level: 1, maxLagMs: 0 }, /maxLagMs/],
])('%o is refused', (options, why) => {
  expect(() => consumer({ level: undefined, ...options } as never)).toThrow(why)
})
