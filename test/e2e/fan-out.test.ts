import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CascadeProcesses } from './cascade-processes.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { JsonSubscriber } from './json-subscriber.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

const topic = 'fan'
const PARTITIONS = 3
const level1 = [101, 102]
const level2 = [201, 202, 203, 204]
const SUBSCRIBERS_OF_EACH_KIND = 150
const RECORDS = 9_000

let cluster: ClusterProcesses
let cascade: CascadeProcesses

beforeAll(async () => {
  cluster = await ClusterProcesses.start()
  cascade = await CascadeProcesses.inFolder()
  await cluster.request(1, 'POST', '/topics', { name: topic, partitions: PARTITIONS, replicas: 3 })
  await topicBecomes(cluster, 1, topic, allInSync)
  const top = cluster.ids.map((id) => cluster.http(id)).join(',')
  for (const id of level1) await cascade.add(id, top)
  await cascade.ready()
  for (const id of level2) await cascade.add(id, level1.map((source) => cascade.http(source)).join(','))
  await cascade.ready()
}, 60_000)

afterAll(async () => {
  await cascade.destroy()
  await cluster.destroy()
})

/** With the SDK, which resumes by itself. */
class SdkSubscriber {
  readonly next: number[] = Array.from({ length: PARTITIONS }, () => 0)
  readonly faults: string[] = []
  readonly #consumer: Consumer
  readonly #reading: Promise<void>

  constructor(servers: readonly string[]) {
    this.#consumer = new Consumer({ servers: [...servers] })
    this.#reading = this.#read().catch((error: Error) => void this.faults.push(error.message))
  }

  async #read(): Promise<void> {
    for await (const { partition, offset } of this.#consumer.subscribe(topic, { from: 'earliest' })) {
      const expected = this.next[partition]
      if (offset !== expected) this.faults.push(`${partition}: ${offset} in place of ${expected}`)
      this.next[partition] = offset + 1
    }
  }

  async close(): Promise<void> {
    await this.#consumer.close()
    await this.#reading
  }
}

async function pause(ms: number): Promise<void> {
  await new Promise((done) => setTimeout(done, ms))
}

test('M88 three levels with subscribers at each lose a broker of each level: all have the same records', async () => {
  const servers = [...level2, ...level1].map((id) => cascade.http(id)).concat(cluster.ids.map((id) => cluster.http(id)))
  const each = Array.from({ length: SUBSCRIBERS_OF_EACH_KIND }, (_, at) => at)
  const plain = each.map((at) => new JsonSubscriber(servers, at, topic, PARTITIONS))
  const turned = (at: number) => [...servers.slice(at % servers.length), ...servers.slice(0, at % servers.length)]
  const sdk = each.map((at) => new SdkSubscriber(turned(at).map((server) => `ws://${server}`)))
  const producer = new Producer({ servers: cluster.servers })
  const cutAll = async () => {
    for (const subscriber of plain) subscriber.cut()
  }
  const faults: { readonly at: number; readonly act: () => Promise<void> }[] = [
    { at: 1_000, act: () => cascade.end(201, 'SIGKILL') },
    { at: 2_000, act: () => cascade.end(101, 'SIGKILL') },
    { at: 3_000, act: async () => cascade.launch(201) },
    { at: 3_500, act: () => cluster.kill(1) },
    { at: 5_000, act: () => cluster.launch(1) },
    { at: 5_500, act: async () => cascade.launch(101) },
    // All connections of plain clients at once.
    { at: 7_000, act: cutAll },
  ]
  const sends: Promise<unknown>[] = []
  for (let n = 0; n < RECORDS; n++) {
    sends.push(producer.send(topic, { key: `key ${n % 97}`, value: `record ${n}`.padEnd(100) }))
    for (const { at, act } of faults) if (at === n) await act()
    if (n % 10 === 0) await pause(10)
  }
  await Promise.all(sends)
  await producer.close()

  const view = await cluster.request<{ partitions: { highWatermark: number }[] }>(2, 'GET', `/topics/${topic}`)
  const ends = view.partitions.map(({ highWatermark }) => highWatermark)
  expect(ends.reduce((sum, end) => sum + end, 0)).toBe(RECORDS)
  const behind = () => [...plain, ...sdk].filter(({ next }) => next.join() !== ends.join())
  for (const deadline = Date.now() + 60_000; behind().length > 0 && Date.now() < deadline; ) await pause(100)
  expect(behind().map(({ next }) => next)).toEqual([])
  expect([...plain, ...sdk].flatMap((subscriber) => subscriber.faults)).toEqual([])
  // Each of them has lost its connection at least once.
  expect(plain.every(({ connections }) => connections >= 2)).toBe(true)
  for (const subscriber of plain) subscriber.close()
  await Promise.all(sdk.map((subscriber) => subscriber.close()))
}, 180_000)
