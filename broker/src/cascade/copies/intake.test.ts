import { placeBatch } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import { batchOf } from '../../partition/testing/batches.ts'
import { nodeCrc32c } from '../../platform/node/checksum.ts'
import { CopyMismatch, takeBatches } from './intake.ts'

/** A committed batch of `count` records at `base`. */
function committed(base: number, count: number, term = 3): Uint8Array {
  const batch = batchOf(Array.from({ length: count }, (_, n) => `value ${base + n}`))
  placeBatch(batch, 0, base, term)
  return batch
}
const bodyOf = (...batches: Uint8Array[]) => new Uint8Array(Buffer.concat(batches))
const end = { lastIndex: 4, endOffset: 10, lastTerm: 3 }
const take = (body: Uint8Array) => takeBatches(body, end, nodeCrc32c)

describe('the batches that a source has sent', () => {
  it('M88 becomes entries with its own offsets, terms and bytes, one a batch', () => {
    const [one, two] = [committed(10, 2), committed(12, 3, 5)]
    const { headers, payloads } = take(bodyOf(one, two))
    expect(headers.map(({ index, term, baseOffset, lastOffset }) => [index, term, baseOffset, lastOffset])).toEqual([
      [5, 3, 10, 11],
      [6, 5, 12, 14],
    ])
    expect(payloads.map((payload) => Buffer.from(payload))).toEqual([Buffer.from(one), Buffer.from(two)])
  })

  it('M88 whole batches that are here already are left out', () => {
    const known = committed(7, 3)
    const { headers, overlapBytes } = take(bodyOf(known, committed(10, 1)))
    expect(headers.map(({ baseOffset }) => baseOffset)).toEqual([10])
    expect(overlapBytes).toBe(known.length)
  })

  it.each([
    ['a gap before it', bodyOf(committed(11, 1)), /a gap: 10 was next/],
    ['a gap within it', bodyOf(committed(10, 1), committed(12, 1)), /a gap: 11 was next/],
    ['a batch of which a part is here', bodyOf(committed(9, 3)), /a part is here/],
    ['a term that falls', bodyOf(committed(10, 1, 2)), /term 2 at 10 came after term 3/],
  ])('M88 is refused permanently with %s', (_, body, reason) => {
    expect(() => take(body)).toThrow(CopyMismatch)
    expect(() => take(body)).toThrow(reason)
  })

  it('M88 is refused when any bit of it has changed', () => {
    const body = bodyOf(committed(10, 2), committed(12, 2))
    body[body.length - 3]! ^= 1
    expect(() => take(body)).toThrow(expect.objectContaining({ code: 'CORRUPT_BATCH' }))
    expect(() => take(body.subarray(0, body.length - 5))).toThrow(expect.objectContaining({ code: 'INVALID_BATCH' }))
  })

  it('M88 small ones do not keep the chunk in memory in which they came', () => {
    const chunk = new Uint8Array(64 * 1024)
    const batch = committed(10, 1)
    chunk.set(batch, 100)
    const { payloads } = take(chunk.subarray(100, 100 + batch.length))
    expect(payloads[0]!.buffer.byteLength).toBeLessThan(1024)
  })
})
