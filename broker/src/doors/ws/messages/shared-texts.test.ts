import { type Offset, placeBatch } from '@tailrace/schemas'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { nodeClock } from '../../../platform/node/clock.ts'
import { nodeRandom } from '../../../platform/node/random.ts'
import { ManualClock } from '../../../platform/testing/clock.ts'
import * as runs from '../../json/read-records.ts'
import { batchOf, Client, type Fixture, startGateway } from '../../testing/running-gateway.ts'
import { SharedTexts } from './shared-texts.ts'

vi.mock(import('../../json/read-records.ts'), async (original) => {
  const actual = await original()
  return { ...actual, readRun: vi.fn(actual.readRun) }
})
const made = () => vi.mocked(runs.readRun).mock.calls.length

function placed(base: Offset, values: string[]): Uint8Array {
  const batch = batchOf(values)
  placeBatch(batch, 0, base, 1)
  return batch
}
const result = (...batches: Uint8Array[]) => ({ batches, bytes: 0, nextOffset: 9, highWatermark: 9, logStart: 0 })

beforeEach(() => void vi.mocked(runs.readRun).mockClear())

describe('the JSON of records', () => {
  test('is made once a turn for the same batches from the same offset on', async () => {
    const clock = new ManualClock(0)
    const texts = new SharedTexts(clock)
    const [a, b] = [placed(0, ['é', 'b']), placed(2, ['c'])]
    const both = texts.of(result(a, b), 0)
    expect(JSON.parse(new TextDecoder().decode(both.utf8!)).map(({ value }: { value: string }) => value)).toEqual([
      'é',
      'b',
      'c',
    ])
    expect([both.nextOffset, both.utf8!.length - both.characters]).toEqual([9, 1])
    expect(texts.of(result(a, b), 0)).toBe(both)
    expect(made()).toBe(1)
    for (const [other, offset] of [
      [result(a), 0],
      [result(a, b), 1],
      [result(b), 2],
      [result(a, placed(2, ['d'])), 0],
    ] as const) {
      const text = texts.of(other, offset)
      expect(text).not.toBe(both)
      expect(texts.of(other, offset)).toBe(text)
    }
    // Texts that begin with the same batch are kept side by side.
    expect(texts.of(result(a, b), 0)).toBe(both)
    expect(made()).toBe(5)
    await clock.advance(1, async () => {})
    expect(texts.of(result(a, b), 0)).toEqual(both)
    expect(made()).toBe(6)
  })

  test('is nothing where there are no records, and an error for each that asks for a batch that cannot be read', () => {
    const texts = new SharedTexts(new ManualClock(0))
    expect(texts.of(result(), 4)).toEqual({ utf8: null, characters: 0, nextOffset: 9 })
    expect(texts.of(result(placed(0, ['a'])), 5)).toEqual({ utf8: null, characters: 0, nextOffset: 9 })
    const unreadable = placed(0, ['a'])
    unreadable.fill(0xff, 61)
    for (let times = 0; times < 2; times++) expect(() => texts.of(result(unreadable), 0)).toThrow(/varint/)
  })
})

describe('many subscribers of one partition', () => {
  let fixture: Fixture
  const clients: Client[] = []
  beforeEach(async () => {
    fixture = await startGateway(nodeClock, nodeRandom)
  })
  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.terminate()
    await fixture.gateway.close()
  })

  test.each([
    ['small', 'é'],
    ['large', 'é'.repeat(20_000)],
  ])('get a %s record each, whole, made into JSON once', async (_, value) => {
    for (let at = 0; at < 50; at++) {
      const client = await new Client(fixture.address).open()
      clients.push(client)
      client.json({ op: 'subscribe', id: `s${at}`, topic: 'flights', partitions: [0] })
      expect(JSON.parse((await client.next()) as string)).toMatchObject({ op: 'subscribed' })
    }
    const partition = fixture.broker.topics.get('flights')!.partitions[0]!
    await vi.waitFor(() => expect(partition.waiting.size).toBe(1), 10_000)
    await fixture.broker.publish('flights', 0, batchOf([value]))
    for (const [at, client] of clients.entries()) {
      const { records, ...rest } = await client.nextJson()
      const place = { op: 'records', id: `s${at}`, topic: 'flights', partition: 0 }
      expect(rest).toEqual({ ...place, nextOffset: 1, highWatermark: 1 })
      expect(records).toEqual([{ offset: 0, timestamp: 1_000, key: null, value, headers: {} }])
    }
    expect(made()).toBe(1)
  })
})
