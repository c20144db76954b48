import { describe, expect, test } from 'vitest'
import { type BrokerDefectName, type BrokerSeedOptions, runBrokerSeed } from './run-broker-seed.ts'

/** Of the seeds of brokers.test.ts and more-brokers.test.ts a share has consumer groups, too. */
const SEEDS = 8
const options: BrokerSeedOptions = { consumerGroups: true, without: ['cascades', 'conditions', 'upkeep', 'deletion'] }
const replay = (seed: number): string =>
  `npm run sim -- --seed ${seed} --whole --consumer-groups --without cascades,conditions,upkeep,deletion --trace`

test(`${SEEDS} seeds with consumer groups keep every property, and all partitions are shared when the faults end`, async () => {
  const sums = { leases: 0, commits: 0, fenced: 0, redelivered: 0, declined: 0, expired: 0, crashes: 0 }
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { finding, ...result } = await runBrokerSeed(seed, options)
    expect(finding?.message ?? null, replay(seed)).toBeNull()
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += result[name]
  }
  expect(sums.leases).toBeGreaterThan(5 * SEEDS)
  expect(sums.commits).toBeGreaterThan(50 * SEEDS)
  expect(sums.fenced).toBeGreaterThan(SEEDS / 4)
  expect(sums.redelivered).toBeGreaterThan(2 * SEEDS)
  expect(sums.declined).toBeGreaterThan(0)
  expect(sums.expired).toBeGreaterThan(0)
  expect(sums.crashes).toBeGreaterThan(10 * SEEDS)
}, 480_000)

test('one seed, one history with consumer groups', async () => {
  const [once, again] = [await runBrokerSeed(3, options), await runBrokerSeed(3, options)]
  expect(again).toEqual(once)
  expect(once.commits).toBeGreaterThan(0)
}, 120_000)

/**
 * Each mechanism that is switched off, seeds in which that must be noticed, and the property that breaks; in histories
 * without the later classes.
 */
const controls: [BrokerDefectName, number, number, string, string[]?][] = [
  ['leasesGivenEarly', 7, 9, 'one-member-at-a-time'],
  ['tokensUnchecked', 2, 5, 'former-tokens-commit-nothing'],
  ['commitsAnsweredEarly', 2, 4, 'positions-stay'],
  ['positionsOverwritten', 7, 9, 'positions-stay'],
  ['snapshotLacksPositions', 22, 24, 'positions-stay'],
  ['connectionEndsIgnored', 7, 9, 'one-member-at-a-time'],
  ['declinedUnheard', 2, 2, 'declined-is-not-given', []],
  ['groupsExpireEarly', 7, 7, 'positions-stay', []],
]

describe('negative controls of consumer groups', () => {
  for (const [defect, from, to, property, later = ['stuck-handlers', 'expiry']] of controls) {
    const kept = { ...options, without: [...options.without!, ...later] }
    test(`${defect} is found from seed ${from} to ${to}`, { timeout: 120_000 }, async () => {
      let found = 0
      for (let seed = from; seed <= to && found === 0; seed++) {
        const { finding } = await runBrokerSeed(seed, { ...kept, defects: [defect] })
        if (finding?.property === property) found = seed
      }
      expect(found, `no seed violates ${property}`).toBeGreaterThan(0)
      // It is the defect that breaks the property: the same seed without it is clean.
      expect((await runBrokerSeed(found, kept)).finding?.message ?? null).toBeNull()
    })
  }
})
