import { expect, test } from 'vitest'
import { simulate } from './simulate.ts'
import { manyFaults, orders } from './testing/orders.ts'

test.each([
  [50, 0],
  [20, 2],
])(
  '%i seeds with %i cascade brokers give the same histories twice, while other runs take the processor',
  async (seeds, cascades) => {
    const hashes = async (): Promise<string[]> => {
      const runs = await simulate.many({ seeds, from: 1_000, cascades, faults: manyFaults, scenario: orders })
      return runs.map(({ hash }) => hash)
    }
    const [one, other] = await Promise.all([hashes(), hashes()])
    expect(other).toEqual(one)
    expect(new Set(one).size).toBe(seeds)
  },
  600_000,
)
