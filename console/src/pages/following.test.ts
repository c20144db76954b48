import { expect, test } from 'vitest'
import type { Stream } from '../api/stream.ts'
import { follow } from './following.ts'

type Receive = Parameters<Stream['start']>[2]

/** What a page has asked, and how it takes answers. */
class FakeStream implements Pick<Stream, 'start'> {
  readonly asked: object[] = []
  receive: Receive = () => undefined

  start(ask: object, stop: object, receive: Receive): () => void {
    this.asked.push(ask)
    this.receive = receive
    return () => this.asked.push(stop)
  }
}

function begin() {
  const stream = new FakeStream()
  const told: string[] = []
  const stop = follow({
    stream,
    topic: 't',
    onRecords: (records) => told.push(`records ${records.map(({ offset }) => offset)}`),
    onError: ({ message, hint }) => told.push(`error ${message} ${hint}`),
    onEnd: ({ code }) => told.push(`end ${code}`),
  })
  stream.receive({ op: 'subscribed', partitions: [0, 1].map((partition) => ({ partition, offset: 5 })) })
  return { stream, told, stop }
}
const failure = { op: 'error', code: 'UNSUPPORTED_COMPRESSION', message: 'snappy', hint: 'read it by an SDK' }

test('following goes on behind a batch that cannot be shown, and says so', async () => {
  const { stream, told, stop } = begin()
  const records = [{ offset: 5, timestamp: 0, key: null, value: null, headers: {} }]
  stream.receive({ op: 'records', partition: 1, records, nextOffset: 6 })
  stream.receive({ ...failure, partition: 0, offset: 5, nextOffset: 9 })
  await Promise.resolve()
  expect(told).toEqual(['records 5', 'error Partition 0: snappy read it by an SDK'])
  const places = [
    { partition: 0, from: 9 },
    { partition: 1, from: 6 },
  ]
  expect(stream.asked.slice(1)).toEqual([{ op: 'unsubscribe' }, { op: 'subscribe', topic: 't', partitions: places }])
  stop()
  expect(stream.asked.at(-1)).toEqual({ op: 'unsubscribe' })
})

test('a subscription that ends says why', () => {
  const { stream, told } = begin()
  stream.receive({ ...failure, code: 'UNKNOWN_TOPIC' })
  expect([told, stream.asked.length]).toEqual([['end UNKNOWN_TOPIC'], 1])
})
