import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CascadeProcesses } from './cascade-processes.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

/** A topic is deleted and created again under its name while everything that can be attached to one is. */

let cluster: ClusterProcesses
let cascade: CascadeProcesses
let former: string
let present: string

beforeAll(async () => {
  cluster = await ClusterProcesses.start()
  cascade = await CascadeProcesses.inFolder()
  former = await create()
  await cascade.add(101, cluster.http(1))
  await cascade.ready()
}, 60_000)
afterAll(async () => {
  await cascade?.destroy()
  await cluster?.destroy()
})

async function create(): Promise<string> {
  const { id } = await cluster.request<{ id: string }>(1, 'POST', '/topics', { name: 't', partitions: 1, replicas: 3 })
  await topicBecomes(cluster, 1, 't', allInSync)
  return id
}

type Page = { code?: string; topicId?: string; records?: { value: string }[]; nextOffset?: number }
const read = async (http: string, query: string): Promise<Page> => {
  const answer = await fetch(`http://${http}/topics/t/partitions/0/records?${query}`)
  return (await answer.json()) as Page
}
async function until<Result>(look: () => Promise<Result | null>): Promise<Result> {
  const deadline = Date.now() + 20_000
  for (;;) {
    const found = await look()
    if (found !== null) return found
    if (Date.now() > deadline) throw new Error('it does not come true')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** The values that a loop has got, and its error at the end. */
function follow(consumer: Consumer, onTopicRecreated: 'fail' | 'earliest') {
  const got: string[] = []
  const end = (async () => {
    for await (const { value } of consumer.subscribe('t', { from: 'earliest', onTopicRecreated })) got.push(value!)
  })().catch((error) => void got.push(error.code))
  return { got, end }
}

it('no producer, consumer, reader or cascade broker goes on in the new topic at the old place', async () => {
  const producer = new Producer({ servers: cluster.servers, metadataMaxAgeMs: 200 })
  const consumer = new Consumer({ servers: cluster.servers, metadataMaxAgeMs: 200 })
  const below = new Consumer({ servers: [`ws://${cascade.http(101)}`], metadataMaxAgeMs: 200 })
  try {
    const old = Array.from({ length: 20 }, (_, n) => `old ${n}`)
    for (const value of old) expect((await producer.send('t', { value })).topicId).toBe(former)
    const failing = follow(consumer, 'fail')
    const anew = follow(consumer, 'earliest')
    const onCopy = follow(below, 'earliest')
    const readers = [failing, anew, onCopy]
    await until(async () => (readers.every(({ got }) => got.length === 20) ? true : null))
    const first = await read(cluster.http(2), 'offset=20')
    expect(first).toMatchObject({ nextOffset: 20, topicId: former })
    const polls = [cluster.http(2), cascade.http(101)].map((http) => read(http, 'offset=20&waitMs=20000'))

    await cluster.request(1, 'DELETE', '/topics/t')
    present = await create()
    const late = ['new 0', 'new 1', 'new 2']
    for (const [offset, value] of late.entries()) {
      expect(await producer.send('t', { value })).toMatchObject({ topicId: present, offset })
    }

    await failing.end
    expect(failing.got).toEqual([...old, 'TOPIC_ID_MISMATCH'])
    for (const { got } of [anew, onCopy]) {
      await until(async () => (got.length === 23 ? true : null))
      expect(got).toEqual([...old, ...late])
    }
    for (const poll of await Promise.all(polls)) expect(poll.code).toMatch(/^(UNKNOWN_TOPIC|TOPIC_ID_MISMATCH)$/)
    for (const http of [cluster.http(1), cluster.http(2), cascade.http(101)]) {
      const again = await until(async () => {
        const page = await read(http, `offset=0&topicId=${present}`)
        return page.records?.length === 3 ? page : null
      })
      expect(again.records!.map(({ value }) => value)).toEqual(late)
      expect((await read(http, `offset=20&topicId=${former}`)).code).toBe('TOPIC_ID_MISMATCH')
    }
  } finally {
    await Promise.all([producer.close({ timeoutMs: 1000 }), consumer.close(), below.close()])
  }
}, 60_000)
