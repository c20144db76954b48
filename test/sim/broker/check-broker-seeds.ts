import { expect } from 'vitest'
import { runBrokerSeed } from './run-broker-seed.ts'

interface BrokerSeed {
  readonly seed: number
  /** Classes of faults that its history does not have. */
  readonly without: readonly string[]
}

/** Runs histories of whole brokers: each keeps every property, and as much happens in all as in `busy` busy ones. */
export async function checkBrokerSeeds(seeds: readonly BrokerSeed[], busy: number): Promise<void> {
  const sums = {
    elections: 0,
    acknowledged: 0,
    shown: 0,
    crashes: 0,
    rots: 0,
    sleeps: 0,
    cuts: 0,
    installs: 0,
    operations: 0,
    raised: 0,
    newer: 0,
    refusedStarts: 0,
    rules: 0,
    copied: 0,
    sources: 0,
    levelMoves: 0,
    conditionsMet: 0,
    conditionsUnmet: 0,
    leases: 0,
    commits: 0,
  }
  for (const { seed, without } of seeds) {
    const { finding, ...result } = await runBrokerSeed(seed, { without })
    const replay = `npm run sim -- --seed ${seed} --whole --trace${without.length > 0 ? ` --without ${without}` : ''}`
    expect(finding?.message ?? null, replay).toBeNull()
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += result[name]
  }
  // A simulator in which nothing happens would be green as well.
  expect(sums.elections).toBeGreaterThan(5 * busy)
  expect(sums.acknowledged).toBeGreaterThan(100 * busy)
  expect(sums.shown).toBeGreaterThan(100 * busy)
  expect(sums.crashes).toBeGreaterThan(3 * busy)
  expect(sums.rots).toBeGreaterThan(3 * busy)
  expect(sums.sleeps).toBeGreaterThan(2 * busy)
  expect(sums.cuts).toBeGreaterThan(busy)
  expect(sums.installs).toBeGreaterThan(busy / 4)
  expect(sums.operations).toBeGreaterThan(busy)
  expect(sums.raised).toBeGreaterThan(busy / 10)
  expect(sums.newer).toBeGreaterThan(0)
  expect(sums.refusedStarts).toBeGreaterThan(0)
  expect(sums.rules).toBeGreaterThan(5 * busy)
  expect(sums.copied).toBeGreaterThan(10 * busy)
  expect(sums.sources).toBeGreaterThan(busy)
  expect(sums.levelMoves).toBeGreaterThan(busy / 2)
  expect(sums.conditionsMet).toBeGreaterThan(busy)
  expect(sums.conditionsUnmet).toBeGreaterThan(busy / 2)
  expect(sums.leases).toBeGreaterThan(busy)
  expect(sums.commits).toBeGreaterThan(5 * busy)
}
