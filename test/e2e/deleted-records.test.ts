import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CascadeProcesses } from './cascade-processes.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

/** Records are deleted at level 0; then every process is killed, and a cascade broker comes that has copied none. */

const COUNT = 60
/** Within a batch: all records are sent at once. */
const FIRST = 45

let cluster: ClusterProcesses
let cascade: CascadeProcesses

beforeAll(async () => {
  cluster = await ClusterProcesses.start()
  cascade = await CascadeProcesses.inFolder()
  await cluster.request(1, 'POST', '/topics', { name: 't', partitions: 1, replicas: 3 })
  await topicBecomes(cluster, 1, 't', allInSync)
  await cascade.add(101, cluster.http(1))
  await cascade.ready()
}, 60_000)
afterAll(async () => {
  await cascade?.destroy()
  await cluster?.destroy()
})

const codeAt = async (http: string, offset: number): Promise<string | undefined> => {
  const answer = await fetch(`http://${http}/topics/t/partitions/0/records?offset=${offset}`)
  return ((await answer.json()) as { code?: string }).code
}
async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!(await holds().catch(() => false))) {
    if (Date.now() > deadline) throw new Error('it does not come true')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
/** Offsets that a consumer gets from the earliest on. */
async function offsetsFrom(server: string): Promise<number[]> {
  const consumer = new Consumer({ servers: [`ws://${server}`] })
  const offsets: number[] = []
  try {
    for await (const { offset } of consumer.subscribe('t', { from: 'earliest' })) {
      offsets.push(offset)
      if (offset === COUNT - 1) break
    }
  } finally {
    await consumer.close()
  }
  return offsets
}

it('deleted records are served by no broker and no cascade broker, after all were killed neither', async () => {
  const producer = new Producer({ servers: cluster.servers })
  const sent = Array.from({ length: COUNT }, (_, n) => producer.send('t', { key: 'k', value: `record ${n}` }))
  await Promise.all(sent)
  await producer.close()
  await until(async () => (await codeAt(cascade.http(101), FIRST - 1)) === undefined)

  const path = '/topics/t/partitions/0/delete-records'
  expect(await cluster.request(2, 'POST', path, { before: FIRST })).toEqual({ logStart: FIRST })
  for (const id of [1, 2, 3]) expect(await codeAt(cluster.http(id), FIRST - 1)).toBe('OFFSET_OUT_OF_RANGE')
  await until(async () => (await codeAt(cascade.http(101), FIRST - 1)) === 'OFFSET_OUT_OF_RANGE')

  await cascade.endAll('SIGKILL')
  for (const id of [1, 2, 3]) await cluster.kill(id)
  for (const id of [1, 2, 3]) await cluster.launch(id)
  await cluster.ready()
  cascade.launch(101)
  await cascade.add(102, cascade.http(101))
  await cascade.ready()

  const kept = Array.from({ length: COUNT - FIRST }, (_, n) => FIRST + n)
  for (const http of [cluster.http(1), cluster.http(2), cluster.http(3), cascade.http(101), cascade.http(102)]) {
    await until(async () => (await codeAt(http, FIRST)) === undefined)
    expect(await codeAt(http, FIRST - 1)).toBe('OFFSET_OUT_OF_RANGE')
    expect(await offsetsFrom(http)).toEqual(kept)
  }
  expect(await cluster.request(3, 'POST', path, { before: -1 })).toEqual({ logStart: COUNT })
}, 60_000)
