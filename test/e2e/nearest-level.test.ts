import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CascadeProcesses } from './cascade-processes.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

const topic = 'near'
const PARTITIONS = 3
const level1 = [101, 102]
const level2 = [201, 202]
const racks = ['east', 'west']
const RECORDS = 6_000
const READERS = 40

let cluster: ClusterProcesses
let cascade: CascadeProcesses

beforeAll(async () => {
  cluster = await ClusterProcesses.start()
  cascade = await CascadeProcesses.inFolder()
  await cluster.request(1, 'POST', '/topics', { name: topic, partitions: PARTITIONS, replicas: 3 })
  await topicBecomes(cluster, 1, topic, allInSync)
  const top = cluster.ids.map((id) => cluster.http(id)).join(',')
  for (const [at, id] of level1.entries()) await cascade.add(id, top, ['--rack', racks[at]!])
  await cascade.ready()
  const sources = level1.map((source) => cascade.http(source)).join(',')
  for (const [at, id] of level2.entries()) await cascade.add(id, sources, ['--rack', racks[at]!])
  await cascade.ready()
}, 60_000)

afterAll(async () => {
  await cascade.destroy()
  await cluster.destroy()
})

interface Described {
  readonly id: number
  readonly level: number
  readonly load?: { readonly connections: number }
}

/** Open WebSockets of cascade brokers. */
async function levels(): Promise<Map<number, number>> {
  const { brokers } = await cluster.request<{ brokers: Described[] }>(2, 'GET', '/cluster')
  return new Map(brokers.flatMap(({ id, level, load }) => (level === 0 ? [] : [[id, load?.connections ?? -1]])))
}

const connectionsOf = async (id: number) => (await levels()).get(id) ?? 0

async function pause(ms: number): Promise<void> {
  await new Promise((done) => setTimeout(done, ms))
}

/** The values of each partition as one consumer reads them, and each record that does not follow the one before it. */
class Reader {
  readonly values: (string | null)[][] = Array.from({ length: PARTITIONS }, () => [])
  readonly faults: string[] = []
  readonly #consumer: Consumer
  readonly #reading: Promise<void>

  constructor(consumer: Consumer) {
    this.#consumer = consumer
    this.#reading = this.#read().catch((error: Error) => void this.faults.push(error.message))
  }

  async #read(): Promise<void> {
    // Where a copy that is behind were believed, the reader would step back, and be told.
    const onJump = (jump: object) => this.faults.push(JSON.stringify(jump))
    const options = { from: 'earliest', onOutOfRange: 'earliest', onJump } as const
    for await (const { partition, offset, value } of this.#consumer.subscribe(topic, options)) {
      const values = this.values[partition]!
      if (offset !== values.length) this.faults.push(`${partition}: ${offset} for ${values.length}`)
      values.push(value)
    }
  }

  get count(): number {
    return this.values.reduce((sum, { length }) => sum + length, 0)
  }

  async close(): Promise<void> {
    await this.#consumer.close()
    await this.#reading
  }
}

test('consumers of the nearest level lose brokers of two levels, and have every record once and in order', async () => {
  await expect.poll(async () => (await levels()).size, { timeout: 10_000 }).toBe(4)
  // Only a broker of level 0, or one that will be gone: the others are learnt.
  const servers = [`ws://${cluster.http(2)}`, `ws://${cascade.http(201)}`]
  const readers = Array.from({ length: READERS }, (_, at) => {
    const given = { servers: [servers[at % 2]!], rack: racks[at % 2]!, metadataMaxAgeMs: 1_000 }
    return new Reader(new Consumer({ ...given, level: 'nearest' }))
  })
  const truth = new Reader(new Consumer({ servers: cluster.servers }))
  const half = READERS / 2
  for (const id of level2) await expect.poll(() => connectionsOf(id), { timeout: 15_000 }).toBeGreaterThanOrEqual(half)

  const producer = new Producer({ servers: cluster.servers })
  const faults = new Map<number, () => Promise<void>>([
    [1_000, () => cascade.end(201, 'SIGKILL')],
    [2_000, () => cascade.end(101, 'SIGKILL')],
    [3_000, async () => cascade.launch(201)],
    [3_500, async () => cascade.launch(101)],
    [4_500, () => cascade.end(202, 'SIGTERM')],
  ])
  const sends: Promise<unknown>[] = []
  for (let n = 0; n < RECORDS; n++) {
    sends.push(producer.send(topic, { key: `key ${n % 97}`, value: `record ${n}` }))
    await faults.get(n)?.()
    if (n % 10 === 0) await pause(10)
  }
  await Promise.all(sends)
  await producer.close()

  const behind = () => [truth, ...readers].filter(({ count }) => count < RECORDS).length
  await expect.poll(behind, { timeout: 60_000 }).toBe(0)
  expect(readers.flatMap((reader) => reader.faults)).toEqual([])
  for (const { values } of readers) expect(values).toEqual(truth.values)
  // All have come down again, to the broker of level 2 that lives.
  await expect.poll(() => connectionsOf(201), { timeout: 30_000 }).toBeGreaterThanOrEqual(READERS)
  await cascade.launch(202)
  await expect.poll(() => connectionsOf(202), { timeout: 30_000 }).toBeGreaterThanOrEqual(half)
  await Promise.all([truth, ...readers].map((reader) => reader.close()))
}, 240_000)
