import { TailraceError } from '@tailrace/schemas'
import { beforeEach, expect, test } from 'vitest'
import { settled } from '../../platform/testing/clock.ts'
import type { CopiedPartition } from '../copies/copied-partition.ts'
import { SourceEnds } from './source-ends.ts'

const ends = new Map<number, number>()
const asked: number[] = []
const logged: object[] = []
let atOnce: number
let mostAtOnce: number
let failure: TailraceError | null
let gate: Promise<void>
let source: SourceEnds

beforeEach(() => {
  ends.clear()
  for (const list of [asked, logged]) list.length = 0
  ;[atOnce, mostAtOnce, failure, gate] = [0, 0, null, Promise.resolve()]
  const request = async (_: string, fields: { partition: number; position: { kind: string } }) => {
    expect(fields).toMatchObject({ topic: 't', topicId: 'id', position: { kind: 'LATEST' } })
    asked.push(fields.partition)
    mostAtOnce = Math.max(mostAtOnce, ++atOnce)
    await gate
    atOnce--
    if (failure !== null) throw failure
    return { fields: { offset: 7, highWatermark: 5, logStart: 0 } }
  }
  const logger = { info: () => {}, warn: (fields: object) => void logged.push(fields), error: () => {} }
  source = new SourceEnds({ askingLink: async () => ({ request }) as never, logger })
})
const copies = (count: number) =>
  Array.from({ length: count }, (_, partition) => {
    const copy = { topic: 't', topicId: 'id', partition, heard: (end: number) => ends.set(partition, end) }
    return copy as unknown as CopiedPartition
  })

test('each copy hears the high watermark of the source, sixteen at one time', async () => {
  await source.ask(copies(100))
  expect([asked.length, new Set(asked).size, mostAtOnce]).toEqual([100, 100, 16])
  expect([...ends.values()]).toEqual(Array(100).fill(5))
})

test('of many copies 500 are asked about in a round, and all in turn', async () => {
  const all = copies(1_200)
  const sizes: number[] = []
  for (let n = 0; n < 6; n++) {
    const before = asked.length
    await source.ask(all)
    sizes.push(asked.length - before)
  }
  expect(sizes).toEqual([500, 500, 200, 500, 500, 200])
  expect(new Set(asked.slice(0, 1_200)).size).toBe(1_200)
})

test('a round that is not over yet is the only one', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  gate = promise
  const first = source.ask(copies(3))
  await settled()
  await source.ask(copies(3))
  expect(asked).toHaveLength(3)
  resolve()
  await first
  await source.ask(copies(3))
  expect(asked).toHaveLength(6)
})

test('a source that does not tell is logged once, and again only behind an answer', async () => {
  failure = new TailraceError('LEADER_UNAVAILABLE')
  for (let n = 0; n < 3; n++) await source.ask(copies(20))
  expect([logged.length, ends.size]).toEqual([1, 0])
  failure = null
  await source.ask(copies(20))
  failure = new TailraceError('LEADER_UNAVAILABLE')
  await source.ask(copies(20))
  expect([logged.length, ends.size]).toEqual([2, 20])
})
