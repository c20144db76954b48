import { expect, test } from 'vitest'
import type { FetchResult } from '../../partition/requests.ts'
import type { TransportMetrics } from '../limits/metrics.ts'
import type { RecordsText, SharedTexts } from './shared-texts.ts'
import type { StreamClient } from './stream-client.ts'
import { TextSink } from './text-sink.ts'

/** A subscription "a" of the topic "t" whose records are this text. */
function sink(text: RecordsText) {
  const sent: string[] = []
  const fetched: number[] = []
  const client = {
    sendText: (message: string) => void sent.push(message),
    sendTextAround: (before: string, utf8: Uint8Array, after: string) =>
      void sent.push(before + new TextDecoder().decode(utf8) + after),
  } as unknown as StreamClient
  const metrics = { fetched: ({ bytes }: FetchResult) => void fetched.push(bytes) } as unknown as TransportMetrics
  const texts = { of: () => text } as unknown as SharedTexts
  return { one: new TextSink({ id: 'a', topic: 't' }, { client, metrics, texts }, () => {}), sent, fetched }
}

const result = { bytes: 70, highWatermark: 9 } as FetchResult

test('records are one message, whose characters count as its cost', () => {
  const utf8 = new TextEncoder().encode('[{"value":"é"}]')
  const { one, sent, fetched } = sink({ utf8, characters: utf8.length - 1, nextOffset: 6 })
  const { bytes, nextOffset } = one.records(2, 5, result)
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
  expect([one.records(2, 5, result), sent, fetched]).toEqual([{ bytes: 0, nextOffset: 8 }, [], []])
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
