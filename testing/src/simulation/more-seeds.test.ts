import { expect, test } from 'vitest'
import { simulate } from './simulate.ts'
import { manyFaults, orders } from './testing/orders.ts'

const SEEDS = 50

test('fifty seeds give the same histories twice, while other runs take the processor', async () => {
  const hashes = async (): Promise<string[]> => {
    const runs = await simulate.many({ seeds: SEEDS, from: 1_000, faults: manyFaults, scenario: orders })
    return runs.map(({ hash }) => hash)
  }
  const [one, other] = await Promise.all([hashes(), hashes()])
  expect(other).toEqual(one)
  expect(new Set(one).size).toBe(SEEDS)
}, 600_000)
