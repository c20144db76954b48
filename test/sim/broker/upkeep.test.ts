import { describe, expect, test } from 'vitest'
import { type BrokerDefectName, runBrokerSeed } from './run-broker-seed.ts'

/** Of the seeds of brokers.test.ts and more-brokers.test.ts a share has upkeep, too. */
const SEEDS = 6

test(`${SEEDS} seeds whose brokers move replicas unasked keep every property, and come to rest`, async () => {
  const sums = { upkeepMoves: 0, replicaMoves: 0, drains: 0, crashes: 0 }
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { finding, ...result } = await runBrokerSeed(seed, { upkeep: true })
    expect(finding?.message ?? null, `npm run sim -- --seed ${seed} --whole --upkeep --trace`).toBeNull()
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += result[name]
  }
  expect(sums.upkeepMoves).toBeGreaterThan(SEEDS)
  expect(sums.replicaMoves).toBeGreaterThan(SEEDS)
  expect(sums.drains).toBeGreaterThan(0)
  expect(sums.crashes).toBeGreaterThan(SEEDS)
}, 240_000)

test('one seed, one history with upkeep', async () => {
  const [once, again] = [await runBrokerSeed(3, { upkeep: true }), await runBrokerSeed(3, { upkeep: true })]
  expect(again).toEqual(once)
}, 120_000)

const controls: [BrokerDefectName, string][] = [
  ['planOscillates', 'balanced-stays-at-rest'],
  ['planTakesCopies', 'as-many-copies'],
  // M59: newcomers vote, and the former replicas go, before they have the log.
  ['noCatchUp', 'live-copies'],
]

describe('negative controls of upkeep', () => {
  for (const [defect, property] of controls) {
    test(`${defect} is found in seeds 1 to 4`, { timeout: 120_000 }, async () => {
      const findings: (string | undefined)[] = []
      for (let seed = 1; seed <= 4 && !findings.includes(property); seed++) {
        const { finding } = await runBrokerSeed(seed, { upkeep: true, defects: [defect], without: ['deletion'] })
        findings.push(finding?.property)
      }
      expect(findings).toContain(property)
    })
  }
})
