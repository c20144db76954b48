import { describe, expect, test } from 'vitest'
import { type BrokerDefectName, runBrokerSeed } from './run-broker-seed.ts'

/** Of the seeds of brokers.test.ts and more-brokers.test.ts a share has conditional publishes, too. */
const SEEDS = 10

test(`${SEEDS} seeds: the answers to publishes under conditions are linearizable`, async () => {
  const sums = { conditionsMet: 0, conditionsUnmet: 0, elections: 0 }
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { finding, ...result } = await runBrokerSeed(seed, { conditions: true })
    expect(finding?.message ?? null, `npm run sim -- --seed ${seed} --whole --conditions --trace`).toBeNull()
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += result[name]
  }
  expect(sums.conditionsMet).toBeGreaterThan(8 * SEEDS)
  expect(sums.conditionsUnmet).toBeGreaterThan(5 * SEEDS)
  expect(sums.elections).toBeGreaterThan(5 * SEEDS)
}, 240_000)

/** Came after the windows of these controls had been found. */
const without = ['deletion']
/** Each mechanism that is switched off, and seeds in which that must be noticed. */
const controls: [BrokerDefectName, number, number][] = [
  ['conditionsByCommit', 1, 6],
  ['refusalsAtOnce', 1, 30],
  ['fencesInMemory', 1, 30],
]

describe('negative controls of conditions', () => {
  for (const [defect, from, to] of controls) {
    test(`${defect} is found from seed ${from} to ${to}`, { timeout: 240_000 }, async () => {
      let found = 0
      for (let seed = from; seed <= to && found === 0; seed++) {
        const { finding } = await runBrokerSeed(seed, { conditions: true, defects: [defect], without })
        if (finding?.property === 'linearizable-conditions' || finding?.property === 'committed-only') found = seed
      }
      expect(found, 'no seed has answers that no order explains').toBeGreaterThan(0)
      // It is the defect that breaks the property: the same seed without it is clean.
      expect((await runBrokerSeed(found, { conditions: true, without })).finding?.message ?? null).toBeNull()
    })
  }
})
