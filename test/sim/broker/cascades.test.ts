import { describe, expect, test } from 'vitest'
import { type BrokerDefectName, runBrokerSeed } from './run-broker-seed.ts'

/** Of the seeds of brokers.test.ts and more-brokers.test.ts a share has cascade brokers, too. */
const SEEDS = 6

test(`${SEEDS} seeds with cascade brokers keep every property, and every copy is whole when the faults end`, async () => {
  const sums = { copied: 0, sources: 0, levelMoves: 0 }
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { finding, ...result } = await runBrokerSeed(seed, { cascades: true })
    expect(finding?.message ?? null, `npm run sim -- --seed ${seed} --whole --cascades --trace`).toBeNull()
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += result[name]
  }
  expect(sums.copied).toBeGreaterThan(50 * SEEDS)
  expect(sums.sources).toBeGreaterThan(5 * SEEDS)
  expect(sums.levelMoves).toBeGreaterThan(2 * SEEDS)
}, 240_000)

test('one seed, one history with cascade brokers', async () => {
  const digests = new Set<string>()
  for (let seed = 1; seed <= 2; seed++) {
    const [once, again] = [await runBrokerSeed(seed, { cascades: true }), await runBrokerSeed(seed, { cascades: true })]
    expect(again).toEqual(once)
    expect(once.copied).toBeGreaterThan(0)
    digests.add(once.digest)
  }
  expect(digests.size).toBe(2)
}, 120_000)

/** Each mechanism that is switched off, seeds in which that must be noticed, and the property that breaks. */
const controls: [BrokerDefectName, number, number, string, string[]?][] = [
  ['uncommittedToCascades', 1, 6, 'committed-only'],
  ['copiesChanged', 1, 3, 'same-bytes-over-levels'],
  ['copiesShownEarly', 1, 15, 'monotone-over-levels'],
  ['unsyncedToCascades', 1, 12, 'monotone-over-levels'],
  ['readersTakenBack', 1, 15, 'monotone-over-levels'],
  ['deletionsUntold', 7, 20, 'liveness', []],
]

describe('negative controls of cascade brokers', () => {
  // The windows of those without were found before there were deletions of records.
  for (const [defect, from, to, property, without = ['deletion']] of controls) {
    test(`${defect} is found from seed ${from} to ${to}`, { timeout: 240_000 }, async () => {
      let found = 0
      for (let seed = from; seed <= to && found === 0; seed++) {
        const { finding } = await runBrokerSeed(seed, { cascades: true, defects: [defect], without })
        if (finding?.property === property) found = seed
      }
      expect(found, `no seed violates ${property}`).toBeGreaterThan(0)
      // It is the defect that breaks the property: the same seed without it is clean.
      expect((await runBrokerSeed(found, { cascades: true, without })).finding?.message ?? null).toBeNull()
    })
  }
})
