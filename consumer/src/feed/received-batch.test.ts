import { BatchWriter, placeBatch } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import { Cursor } from './cursor.ts'
import { receive } from './received-batch.ts'

const NUMBERS = [0, 1, 2] as const

/** A batch of two records from offset 2 * `number` on. */
function batch(number: number): Uint8Array {
  const writer = new BatchWriter()
  for (const value of ['a', 'b']) writer.append({ timestamp: 1, key: null, value })
  const bytes = writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 })
  placeBatch(bytes, 0, 2 * number, 1)
  return bytes
}

/**
 * A push of these batches to a reader that stands at `from`: the last offsets that were passed on, and where it stands.
 */
function push(numbers: readonly number[], nextOffset: number, from = 0) {
  const cursor = new Cursor(0, { kind: 'OFFSET', value: from })
  cursor.started(from, nextOffset)
  const passed: number[] = []
  let code = ''
  try {
    receive(cursor, Buffer.concat(numbers.map(batch)), nextOffset, ({ lastOffset }) => passed.push(lastOffset))
  } catch (error) {
    code = (error as { code: string }).code
  }
  return { passed, at: cursor.nextOffset, code }
}

describe('a push', () => {
  it('is passed on batch by batch, without batches received before', () => {
    expect(push(NUMBERS, 6)).toEqual({ passed: [1, 3, 5], at: 6, code: '' })
    expect(push(NUMBERS, 6, 3)).toEqual({ passed: [3, 5], at: 6, code: '' })
    expect(push(NUMBERS, 6, 4)).toEqual({ passed: [5], at: 6, code: '' })
    expect(push([], 4, 4)).toEqual({ passed: [], at: 4, code: '' })
    // The broker may be behind the records received already.
    expect(push([0], 2, 6)).toEqual({ passed: [], at: 6, code: '' })
  })

  it.each(NUMBERS)('that lacks batch %i of three ends before it: no batch behind a gap is passed on', (missing) => {
    const rest = NUMBERS.filter((number) => number !== missing)
    const passed = [1, 3, 5].slice(0, missing)
    expect(push(rest, 6)).toEqual({ passed, at: 2 * missing, code: 'STORAGE_CORRUPT' })
  })

  it('without batches but with a later next offset lacks them all', () => {
    expect(push([], 1)).toEqual({ passed: [], at: 0, code: 'STORAGE_CORRUPT' })
  })
})

it('a small frame in large memory is copied out of it, and a large one is not', () => {
  const one = batch(0)
  for (const [size, copied] of [
    [8 * one.length + 1, true],
    [8 * one.length, false],
    [one.length, false],
  ] as const) {
    const memory = new Uint8Array(size)
    memory.set(one)
    const cursor = new Cursor(0, { kind: 'OFFSET', value: 0 })
    receive(cursor, memory.subarray(0, one.length), 2, ({ bytes, start, end }) => {
      expect(bytes.buffer !== memory.buffer).toBe(copied)
      expect(Buffer.from(bytes.subarray(start, end))).toEqual(Buffer.from(one))
    })
    expect(cursor.nextOffset).toBe(2)
  }
})
