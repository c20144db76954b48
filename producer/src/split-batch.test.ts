import { TestCluster } from '@tailrace/client/testing'
import { readBatchHeader } from '@tailrace/schemas'
import { afterEach, describe, expect, it } from 'vitest'
import { Producer, type ProducerOptions } from './index.ts'

let cluster: TestCluster
let producer: Producer

async function start(maxBatchBytes: number, options: Partial<ProducerOptions> = {}): Promise<void> {
  cluster = await TestCluster.start({ t: 1 })
  cluster.maxBatchBytes = maxBatchBytes
  producer = new Producer({ servers: cluster.servers, lingerMs: 0, ...options })
}

afterEach(async () => {
  await producer.close({ timeoutMs: 0 })
  await cluster.close()
})

const values = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`.padEnd(500, 'y'))
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
/** Sequences that follow each other, of one producer. */
function expectOneSequence(): void {
  let next = 0
  const ids = new Set<number>()
  for (const { bytes } of cluster.log('t', 0).batches) {
    const { baseSequence, recordsCount, producerId } = readBatchHeader(bytes)
    expect(baseSequence).toBe(next)
    next += recordsCount
    ids.add(producerId)
  }
  expect(ids.size).toBe(1)
}

describe('a topic that takes smaller batches than the producer makes', () => {
  it.each(['none', 'gzip'] as const)('gets every record once and in order (%s)', async (compression) => {
    await start(compression === 'none' ? 10_000 : 400, { compression })
    const sent = await Promise.all(values(300).map((value) => producer.send('t', { value, headers: { h: 'x' } })))
    expect(sent.map(({ offset }) => offset)).toEqual(range(300))
    expect(cluster.values('t', 0)).toEqual(values(300))
    expectOneSequence()
  })

  it('refuses the record that no batch can carry, and that one alone', async () => {
    await start(3000)
    const sends = ['a', 'b'.repeat(4000), 'c'].map((value) => producer.send('t', { value }))
    const outcomes = await Promise.allSettled(sends)
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(outcomes[1]).toMatchObject({ reason: { code: 'BATCH_TOO_LARGE' } })
    expect(cluster.values('t', 0)).toEqual(['a', 'c'])
  })

  it('makes smaller batches from then on', async () => {
    await start(10_000)
    await producer.sendBatch(
      't',
      values(100).map((value) => ({ value })),
    )
    const before = cluster.log('t', 0).batches.length
    await producer.sendBatch(
      't',
      values(100).map((value) => ({ value })),
    )
    const later = cluster.log('t', 0).batches.slice(before)
    expect(later.length).toBeGreaterThan(5)
    expect(later.length).toBeLessThan(30)
  })

  it('flush waits for all parts of what was split', async () => {
    await start(10_000, { lingerMs: 1000 })
    const outcomes: number[] = []
    for (const value of values(100)) void producer.send('t', { value }).then(({ offset }) => outcomes.push(offset))
    await new Promise((resolve) => setTimeout(resolve, 50))
    await producer.flush()
    expect(outcomes).toEqual(range(100))
  })
})
