import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ProducerBatch, ProducerTable, type ProducerUndo } from './producer-table.ts'

function batch(baseSequence: number, records: number, index: number, epoch = 0, producerId = 7): ProducerBatch {
  return { producerId, epoch, baseSequence, records, index, baseOffset: index * 100 }
}

function code(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    return (error as { code: string }).code
  }
  return 'none'
}

describe('the idempotence rules (Kafka, KIP-98 and KIP-360)', () => {
  it('takes any first sequence of an unknown producer, then insists on the next one', () => {
    const table = new ProducerTable(10)
    expect(table.check(7, 0, 41, 3)).toBeNull()
    table.append(batch(41, 3, 1))
    expect(table.check(7, 0, 44, 1)).toBeNull()
    expect(code(() => table.check(7, 0, 45, 1))).toBe('OUT_OF_ORDER_SEQUENCE')
    expect(code(() => table.check(7, 0, 43, 1))).toBe('OUT_OF_ORDER_SEQUENCE')
  })

  it('recognises each of the last 5 batches, and no older one', () => {
    const table = new ProducerTable(10)
    for (let at = 0; at < 6; at += 1) table.append(batch(at * 2, 2, at + 1))
    for (let at = 1; at < 6; at += 1) expect(table.check(7, 0, at * 2, 2)?.index).toBe(at + 1)
    expect(code(() => table.check(7, 0, 0, 2))).toBe('OUT_OF_ORDER_SEQUENCE')
  })

  it('does not take a batch of another size for a repetition', () => {
    const table = new ProducerTable(10)
    table.append(batch(0, 2, 1))
    expect(code(() => table.check(7, 0, 0, 3))).toBe('OUT_OF_ORDER_SEQUENCE')
  })

  it('fences an older epoch and starts a newer one at sequence 0', () => {
    const table = new ProducerTable(10)
    table.append(batch(0, 5, 1, 3))
    expect(code(() => table.check(7, 2, 5, 1))).toBe('INVALID_PRODUCER_EPOCH')
    expect(code(() => table.check(7, 4, 5, 1))).toBe('OUT_OF_ORDER_SEQUENCE')
    expect(table.check(7, 4, 0, 1)).toBeNull()
    table.append(batch(0, 1, 2, 4))
    expect(table.check(7, 4, 0, 1)?.index).toBe(2)
  })

  it('wraps from 2^31 - 1 to 0', () => {
    const table = new ProducerTable(10)
    table.append(batch(2 ** 31 - 2, 2, 1))
    expect(table.check(7, 0, 0, 1)).toBeNull()
  })

  it('takes appends back, newest first, as if they had never been', () => {
    const table = new ProducerTable(10)
    table.append(batch(0, 1, 1))
    const beforeTwo = table.append(batch(1, 1, 2))
    const beforeThree = table.append(batch(2, 1, 3))
    table.undo([beforeThree, beforeTwo])
    expect(table.check(7, 0, 1, 1)).toBeNull()
    expect(table.check(7, 0, 0, 1)?.index).toBe(1)
  })

  it('forgets the producer that has been silent longest when it is full', () => {
    const table = new ProducerTable(2)
    table.append(batch(0, 1, 1, 0, 1))
    table.append(batch(0, 1, 2, 0, 2))
    table.append(batch(1, 1, 3, 0, 1))
    table.append(batch(0, 1, 4, 0, 3))
    expect(table.size).toBe(2)
    expect(table.check(2, 0, 99, 1)).toBeNull()
    expect(table.check(1, 0, 1, 1)?.index).toBe(3)
  })

  it('remembers again the producer that an append had displaced when that append is taken back', () => {
    const table = new ProducerTable(2)
    table.append(batch(0, 1, 1, 0, 1))
    table.append(batch(0, 1, 2, 0, 2))
    table.undo([table.append(batch(0, 1, 3, 0, 3))])
    expect(table.check(1, 0, 0, 1)?.index).toBe(1)
    expect(table.check(3, 0, 99, 1)).toBeNull()
  })

  it('forgets by log position also after appends were taken back, as a replica does that never saw them', () => {
    const table = new ProducerTable(2)
    table.append(batch(0, 1, 1, 0, 1))
    table.append(batch(0, 1, 2, 0, 2))
    table.undo([table.append(batch(1, 1, 3, 0, 1))])
    table.append(batch(0, 1, 3, 0, 3))
    expect([...table.entries()].map(([id]) => id)).toEqual([2, 3])
  })

  it('tells what it was before its newest appends, as taking them back would leave it', () => {
    const producers = fc.array(fc.nat(5), { maxLength: 30 })
    fc.assert(
      fc.property(producers, fc.nat(30), fc.integer({ min: 1, max: 5 }), (ids, settled, capacity) => {
        const table = new ProducerTable(capacity)
        const undos: ProducerUndo[] = []
        for (const [at, id] of ids.entries()) undos.unshift(table.append(batch(at, 1, at + 1, 0, id)))
        const newest = undos.slice(0, Math.max(0, ids.length - settled))
        const before = table.before(newest)
        table.undo(newest)
        expect(before).toEqual([...table.entries()])
      }),
    )
  })
})
