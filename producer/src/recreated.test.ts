import { TestCluster } from '@tailrace/client/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Producer } from './index.ts'

let cluster: TestCluster
let producer: Producer

beforeEach(async () => {
  cluster = await TestCluster.start({ t: 4 })
  producer = new Producer({ servers: cluster.servers, metadataMaxAgeMs: 100_000 })
})
afterEach(async () => {
  cluster.fault = undefined
  await producer.close({ timeoutMs: 100 })
  await cluster.close()
})

const keys = Array.from({ length: 12 }, (_, n) => `key ${n}`)
const all = (partitions: number) => Array.from({ length: partitions }, (_, p) => cluster.values('t', p)).flat()

describe('a topic is deleted and created again', () => {
  it.each([1, 2, 7])('with %i partitions, and a producer that knew it with four goes on in it', async (partitions) => {
    await Promise.all(keys.map((key) => producer.send('t', { key, value: `old ${key}` })))
    cluster.deleteTopic('t')
    cluster.createTopic('t', partitions)
    const sent = await Promise.all(keys.map((key) => producer.send('t', { key, value: `new ${key}` })))
    expect(all(partitions).sort()).toEqual(keys.map((key) => `new ${key}`).sort())
    for (const { partition, topicId } of sent) {
      expect(partition).toBeLessThan(partitions)
      expect(topicId).toBe(cluster.topicId('t'))
    }
    await producer.flush()
  })

  it('while records are under way: each is in the new one once, in order by key, and none hangs', async () => {
    await producer.send('t', { key: 'a', value: 'first' })
    // Nothing is answered as long as the former topic lives, so that everything is under way when it goes.
    cluster.fault = () => ({ silent: true, applied: true })
    const one = keys.map((key) => producer.send('t', { key, value: `1 ${key}` }))
    const many = producer.sendBatch(
      't',
      keys.map((key) => ({ key, value: `2 ${key}` })),
    )
    const flushed = producer.flush()
    await new Promise((resolve) => setTimeout(resolve, 50))
    cluster.fault = undefined
    cluster.deleteTopic('t')
    cluster.createTopic('t', 2)
    const after = keys.map((key) => producer.send('t', { key, value: `3 ${key}` }))
    for (const session of cluster.broker(1).sessions) session.drop()
    await Promise.all([...one, many, flushed, ...after])
    expect(all(2).sort()).toEqual(keys.flatMap((key) => [`1 ${key}`, `2 ${key}`, `3 ${key}`]).sort())
    for (const partition of [0, 1]) {
      const values = cluster.values('t', partition)
      for (const key of keys) {
        const own = values.filter((value) => value.endsWith(` ${key}`)).map((value) => value[0])
        expect(own.join('')).toMatch(/^(123)?$/)
      }
    }
    expect(producer.bufferedBytes).toBe(0)
  })

  it('refuses the record whose own partition is gone, and no other', async () => {
    await producer.send('t', { value: 'old', partition: 3 })
    cluster.deleteTopic('t')
    cluster.createTopic('t', 1)
    const outcomes = await Promise.all(
      [3, 0, undefined].map((partition) =>
        producer.send('t', { value: `${partition}`, ...(partition === undefined ? {} : { partition }) }).then(
          () => 'done',
          ({ code }) => code,
        ),
      ),
    )
    expect(outcomes).toEqual(['UNKNOWN_PARTITION', 'done', 'done'])
  })
})
