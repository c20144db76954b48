import { describe, expect, it } from 'vitest'
import { LoadHistory } from './load-figures.ts'

const GiB = 2 ** 30
const replica = (group: number, bytes: number, logStart: number, highWatermark: number) => ({
  group,
  bytes,
  logStart,
  highWatermark,
})
const load = (...replicas: ReturnType<typeof replica>[]) => ({ freeBytes: 10 * GiB, reserveBytes: GiB, replicas })

describe('figures of what brokers tell', () => {
  it('takes the replica that knows most, and rates from two looks', () => {
    const history = new LoadHistory()
    const first = history.take(
      new Map([
        [1, load(replica(7, 1000, 0, 100))],
        [2, load(replica(7, 900, 0, 90))],
      ]),
      0,
    )
    expect(first.partitions.get(7)).toEqual({ bytes: 1000, bytesPerSecond: 0 })
    const second = history.take(new Map([[2, load(replica(7, 3000, 0, 300))]]), 10_000)
    expect(second.partitions.get(7)).toEqual({ bytes: 3000, bytesPerSecond: 200 })
    expect([...second.brokers.keys()]).toEqual([2])
    expect(second.brokers.get(2)).toEqual({ roomBytes: 8 * GiB })
  })

  it('counts what was published although retention took as much away', () => {
    const history = new LoadHistory()
    history.take(new Map([[1, load(replica(7, 1000, 900, 1000))]]), 0)
    const { partitions } = history.take(new Map([[1, load(replica(7, 1000, 1000, 1100))]]), 1000)
    expect(partitions.get(7)!.bytesPerSecond).toBe(1000)
  })

  it('lets a burst count a part only, and nothing for a log that is empty or shorter', () => {
    const history = new LoadHistory()
    history.take(new Map([[1, load(replica(7, 0, 0, 0), replica(8, 10, 0, 10))]]), 0)
    expect(history.take(new Map([[1, load(replica(7, 0, 0, 0), replica(8, 5, 0, 5))]]), 1000).partitions).toEqual(
      new Map([
        [7, { bytes: 0, bytesPerSecond: 0 }],
        [8, { bytes: 5, bytesPerSecond: 0 }],
      ]),
    )
    const burst = history.take(new Map([[1, load(replica(8, 1005, 0, 1005))]]), 2000)
    expect(burst.partitions.get(8)!.bytesPerSecond).toBeCloseTo(300)
    expect(burst.partitions.has(7)).toBe(false)
  })
})
