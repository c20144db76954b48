import { expect, test } from 'vitest'
import type { FetchResult } from '../../partition/requests.ts'
import type { TransportMetrics } from '../limits/metrics.ts'
import { Delivery } from '../standing/delivery.ts'
import type { RecordsText, SharedTexts } from './messages/shared-texts.ts'
import type { StreamClient } from './stream-client.ts'
import { TextSink } from './text-sink.ts'

/** A subscription "a" of the topic "t" whose records are this text. */
function sink(text: RecordsText) {
  const sent: string[] = []
  const fetched: number[] = []
  const client = {
    sendText: (message: string) => void sent.push(message),
    // Without its header, which has two or four bytes.
    sendMessage: ([message]: readonly Uint8Array[]) =>
      void sent.push(new TextDecoder().decode(message!.subarray(message![1]! < 126 ? 2 : 4))),
  } as unknown as StreamClient
  const metrics = { fetched: ({ bytes }: FetchResult) => void fetched.push(bytes) } as unknown as TransportMetrics
  const texts = { of: () => text } as unknown as SharedTexts
  return { one: new TextSink({ id: 'a', topic: 't' }, { client, metrics, texts }, () => {}), sent, fetched }
}

const delivered = () => new Delivery({ batches: [], bytes: 70, nextOffset: 8, highWatermark: 9, logStart: 0 }, 5)

test('records are one message, whose characters count as its cost', () => {
  const utf8 = new TextEncoder().encode('[{"value":"é"}]')
  const { one, sent, fetched } = sink({ utf8, characters: utf8.length - 1, nextOffset: 6 })
  const { bytes, nextOffset } = one.records(2, delivered())
  expect(JSON.parse(sent[0]!)).toEqual({
    op: 'records',
    id: 'a',
    topic: 't',
    partition: 2,
    records: [{ value: 'é' }],
    nextOffset: 6,
    highWatermark: 9,
  })
  expect([sent.length, bytes, nextOffset, fetched]).toEqual([1, sent[0]!.length, 6, [70]])
})

test('where there are no records nothing is sent or counted, and the reader goes on behind them', () => {
  const { one, sent, fetched } = sink({ utf8: null, characters: 0, nextOffset: 8 })
  expect([one.records(2, delivered()), sent, fetched]).toEqual([{ bytes: 0, nextOffset: 8 }, [], []])
})

test('the answer to a subscribe has no terms and leaders', () => {
  const { one, sent } = sink({ utf8: null, characters: 0, nextOffset: 8 })
  const place = { partition: 1, offset: 4, highWatermark: 7, logStart: 0 }
  one.subscribed([place], 'id')
  expect(JSON.parse(sent[0]!)).toEqual({
    op: 'subscribed',
    id: 'a',
    topic: 't',
    topicId: 'id',
    partitions: [{ partition: 1, offset: 4, highWatermark: 7 }],
  })
})
