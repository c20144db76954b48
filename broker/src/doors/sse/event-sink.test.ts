import type { TailraceError } from '@tailrace/schemas'
import { BatchWriter, Compression } from '@tailrace/schemas'
import { expect, it } from 'vitest'
import { Delivery } from '../standing/delivery.ts'
import { EventSink } from './event-sink.ts'
import type { KeyFilter } from './event-text.ts'
import { StreamPosition } from './stream-position.ts'

function deliveryOf(values: readonly string[], key = 'k'): Delivery {
  const writer = new BatchWriter()
  for (const value of values) writer.append({ timestamp: 1, key, value, headers: [] })
  const batch = writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: Compression.none })
  const end = values.length
  return new Delivery({ batches: [batch], bytes: batch.length, nextOffset: end, highWatermark: end, logStart: 0 }, 0)
}

function sinkOf(
  partitions: number,
  filter: KeyFilter | null = null,
): { sink: EventSink; sent: (string | Uint8Array)[] } {
  const sent: (string | Uint8Array)[] = []
  const client = {
    send: (one: string | Uint8Array) => void sent.push(one),
    begin: () => {},
    end: (_: unknown, __: TailraceError) => {},
  }
  const places = Array.from(
    { length: partitions },
    (_, at) => [at, { kind: 'OFFSET', value: 2 ** 52 } as const] as const,
  )
  const position = new StreamPosition('t', true, places)
  position.move(0, 0)
  return { sink: new EventSink({ topic: 'flights', position, filter }, client, { fetched: () => {} }), sent }
}

it('makes one text of a delivery for all streams at the same position that want the same keys', () => {
  const delivery = deliveryOf(['a', 'b'])
  const text = (keys: string[] | null, partitions = 1) => {
    const { sink, sent } = sinkOf(partitions, keys && { keys: new Set(keys), text: JSON.stringify(keys) })
    sink.records(0, delivery)
    return sent[0]
  }
  expect(text(null)).toBe(text(null))
  expect(text(['k'])).toBe(text(['k']))
  expect(text(['k'])).not.toBe(text(null))
  expect(text(null, 2)).not.toBe(text(null))
  expect(text(['other'])).toBeUndefined()
})

it('sends fewer records at once where the ids are long, and goes on behind them', () => {
  const delivery = deliveryOf(Array.from({ length: 2_000 }, () => 'x'))
  const [short, long] = [sinkOf(1), sinkOf(256)]
  expect(short.sink.records(0, delivery).nextOffset).toBe(2_000)
  const { bytes, nextOffset } = long.sink.records(0, delivery)
  expect(nextOffset).toBeGreaterThan(100)
  expect(nextOffset).toBeLessThan(300)
  expect(bytes).toBeLessThan(600_000)
  expect(
    String(long.sent[0])
      .match(/^id: t:(\w+),/gm)!
      .at(-1),
  ).toBe(`id: t:${nextOffset.toString(36)},`)
  expect(long.sink.position.places.get(0)).toEqual({ kind: 'OFFSET', value: nextOffset })
})

it('tells its position with a heartbeat where what it has read was left out, once', () => {
  const { sink, sent } = sinkOf(1, { keys: new Set(['other']), text: '' })
  expect(sink.heartbeat()).toBe(':\n\n')
  const delivery = deliveryOf(['a', 'b'])
  expect(sink.records(0, delivery)).toEqual({ bytes: delivery.found.bytes, nextOffset: 2 })
  expect(sent).toEqual([])
  expect(sink.heartbeat()).toBe('id: t:2\n\n')
  expect(sink.heartbeat()).toBe(':\n\n')
})
