import { describe, expect, it } from 'vitest'
import { OpenBatch } from './open-batch.ts'
import { producerSettings } from './options.ts'

const settler = { settle() {}, fail() {}, recordAt: () => ({ value: '' }), whenSettled: async () => {} }

function openBatch(options: object = {}): OpenBatch {
  return new OpenBatch(0, producerSettings({ servers: 'http://127.0.0.1:1', batchBytes: 1000, ...options } as never))
}

const record = (value: string) => ({ key: null, value, timestamp: 1000 })

/** Adds records of about 100 bytes until the batch is full. */
function recordsUntilFull(batch: OpenBatch): number {
  for (let count = 1; ; count++) {
    batch.append(record('x'.repeat(90)), settler, count)
    if (batch.isFull) return count
  }
}

describe('the batch that still takes records', () => {
  it('is full at the bytes that are set, and at fewer while brokers refuse larger ones', () => {
    const whole = recordsUntilFull(openBatch())
    expect(whole).toBeGreaterThan(7)
    const limited = openBatch()
    limited.limit(500, performance.now())
    expect(recordsUntilFull(limited)).toBeLessThan(whole / 2 + 1)
    const twice = openBatch()
    twice.limit(300, performance.now())
    twice.limit(500, performance.now())
    expect(recordsUntilFull(twice)).toBeLessThan(4)
  })

  it('takes as many as before a minute after a refusal, and no sooner', () => {
    const batch = openBatch()
    batch.limit(500, performance.now() - 60_001)
    expect(recordsUntilFull(batch)).toBe(recordsUntilFull(openBatch()))
    const early = openBatch()
    early.limit(500, performance.now() - 50_000)
    expect(recordsUntilFull(early)).toBeLessThan(recordsUntilFull(openBatch()))
  })

  it('counts for each record its bytes and a constant for its place', () => {
    const batch = openBatch()
    batch.append(record('x'), settler, 0)
    const small = batch.append(record('x'), settler, 1)
    expect(batch.append(record('x'.repeat(31)), settler, 2) - small).toBe(30)
    expect(small).toBeGreaterThan(64)
    expect(small).toBeLessThan(64 + 20)
  })
})
