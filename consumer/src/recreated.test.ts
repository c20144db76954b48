import { TestCluster } from '@tailrace/client/testing'
import { BatchWriter } from '@tailrace/schemas'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Consumer, type SubscribeOptions } from './index.ts'

let cluster: TestCluster
let consumer: Consumer

beforeEach(async () => {
  cluster = await TestCluster.start({ t: 2 })
  consumer = new Consumer({ servers: cluster.servers })
})
afterEach(async () => {
  await consumer.close()
  await cluster.close()
})

function fill(value: string, count: number, partition = 0): void {
  const writer = new BatchWriter()
  for (let i = 0; i < count; i++) writer.append({ timestamp: 1000, key: null, value: `${value}${i}` })
  const batch = writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 })
  cluster.log('t', partition).append(batch, 1 << 26)
  cluster.pushAll()
}

/** The records that a loop has read, and its error at the end. */
function read(options: SubscribeOptions & { bytes?: false }) {
  const subscription = consumer.subscribe('t', options)
  const got: string[] = []
  const end = (async () => {
    for await (const { value } of subscription) got.push(value!)
  })().catch((error) => void got.push(error.code))
  return { subscription, got, end }
}
async function until(met: () => boolean): Promise<void> {
  while (!met()) await new Promise((resolve) => setTimeout(resolve, 5))
}

function createAnew(partitions: number): void {
  cluster.deleteTopic('t')
  cluster.createTopic('t', partitions)
  fill('new', 4)
}

describe('a topic is deleted and created again', () => {
  it('under a subscription, whose loop then ends with TOPIC_ID_MISMATCH', async () => {
    const { got, end } = read({ from: 'earliest' })
    fill('old', 2)
    await until(() => got.length === 2)
    createAnew(2)
    await end
    expect(got).toEqual(['old0', 'old1', 'TOPIC_ID_MISMATCH'])
  })

  it.each(['earliest', 'latest'] as const)(
    'and is read from its %s where the option says so, with fewer partitions',
    async (at) => {
      const { subscription, got } = read({ from: 'earliest', onTopicRecreated: at })
      fill('old', 6)
      fill('other', 1, 1)
      await until(() => got.length === 7)
      const former = subscription.position()
      createAnew(1)
      await until(() => subscription.position().topicId !== former.topicId && subscription.position().size === 1)
      if (at === 'latest') fill('late', 1)
      await until(() => got.length === (at === 'earliest' ? 11 : 8))
      const expected = at === 'earliest' ? ['new0', 'new1', 'new2', 'new3'] : ['late0']
      expect(got.slice(7)).toEqual(expected)
      await until(() => subscription.lag().total === 0)
      expect([...subscription.position()]).toEqual([[0, at === 'earliest' ? 4 : 5]])
      expect(subscription.position().topicId).toBe(cluster.topicId('t'))
    },
  )

  it('and a position that was saved before, also as JSON, is not one of the new topic', async () => {
    const { subscription, got } = read({ from: 'earliest' })
    fill('old', 3)
    await until(() => got.length === 3)
    const saved = JSON.parse(JSON.stringify(subscription.position()))
    await subscription.close()
    createAnew(2)
    const failing = read({ from: saved })
    const anew = read({ from: saved, onTopicRecreated: 'earliest' })
    await failing.end
    expect(failing.got).toEqual(['TOPIC_ID_MISMATCH'])
    await until(() => anew.got.length === 4)
    expect(anew.got[0]).toBe('new0')
  }, 15_000)

  it('and an end that was given as a position of it is not one of the new topic', async () => {
    const to = { topicId: cluster.topicId('t'), offsets: { 0: 1 } }
    createAnew(2)
    const { got, end } = read({ to })
    await end
    expect(got).toEqual(['TOPIC_ID_MISMATCH'])
  }, 15_000)

  it('a place that names its topic is not read in the new one', async () => {
    const topicId = cluster.topicId('t')
    fill('old', 3)
    expect((await consumer.read('t', { partition: 0, offset: 2, topicId })).records[0]!.value).toBe('old2')
    createAnew(2)
    const place = { partition: 0, offset: 2 }
    expect((await consumer.read('t', place)).records[0]!.value).toBe('new2')
    await expect(consumer.read('t', { ...place, topicId })).rejects.toMatchObject({ code: 'TOPIC_ID_MISMATCH' })
  }, 15_000)
})

describe('a saved position', () => {
  it('goes on where it was, after JSON, on all partitions', async () => {
    fill('a', 3)
    fill('b', 3, 1)
    const first = consumer.subscribe('t', { from: 'earliest', partitions: [0] })
    for await (const { offset } of first) if (offset === 1) break
    const saved = JSON.parse(JSON.stringify(first.position()))
    expect(saved).toEqual({ topicId: cluster.topicId('t'), offsets: { 0: 2 } })
    const { got } = read({ from: saved })
    await until(() => got.length === 4)
    expect(got.sort()).toEqual(['a2', 'b0', 'b1', 'b2'])
  })

  it('is what was given, as long as nothing has been read', async () => {
    const subscription = consumer.subscribe('t', { from: { 0: 3, 1: 4 } })
    expect([...subscription.position()]).toEqual([
      [0, 3],
      [1, 4],
    ])
    expect(() => consumer.subscribe('t', { from: {} })).toThrow(expect.objectContaining({ code: 'INVALID_SETTING' }))
  })
})

it('a subscription that is dropped without a loop holds nothing: no subscription at a broker, no connection', async () => {
  fill('x', 10)
  const dropped = consumer.subscribe('t', { from: 'earliest' })
  await dropped[Symbol.asyncIterator]().return(undefined)
  consumer.subscribe('t', { from: 'earliest' })
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(cluster.connections).toBe(0)
  await consumer.close()
  const late = consumer.subscribe.bind(consumer)
  expect(() => late('t')).toThrow(expect.objectContaining({ code: 'CLOSED' }))
  for await (const _ of dropped) expect.fail('a closed consumer gives nothing')
})
