import { expect } from 'vitest'
import { runSeed } from './run-seed.ts'

/** Runs the histories of the core from one seed to another: each keeps every property, and enough happens in them. */
export function checkSeeds(from: number, to: number): void {
  let elections = 0
  let committed = 0
  let reads = 0
  let installs = 0
  let tokenReads = 0
  let changes = 0
  let transfers = 0
  let slumbers = 0
  for (let seed = from; seed <= to; seed++) {
    const result = runSeed(seed)
    expect(result.violation, `npm run sim -- --seed ${seed} --trace`).toBeNull()
    elections += result.elections
    committed += result.committed
    reads += result.reads
    installs += result.installs
    tokenReads += result.tokenReads
    changes += result.changes
    transfers += result.transfers
    slumbers += result.slumbers
  }
  const seeds = to - from + 1
  // A simulator in which nothing happens would be green as well.
  expect(elections).toBeGreaterThan(3 * seeds)
  expect(committed).toBeGreaterThan(50 * seeds)
  expect(reads).toBeGreaterThan(20 * seeds)
  expect(installs).toBeGreaterThan(0.8 * seeds)
  expect(tokenReads).toBeGreaterThan(10 * seeds)
  expect(changes).toBeGreaterThan(0.2 * seeds)
  expect(transfers).toBeGreaterThan(0.2 * seeds)
  expect(slumbers).toBeGreaterThan(seeds)
}
