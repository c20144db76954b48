import { expect, test } from 'vitest'
import { runBrokerSeed } from '../broker/run-broker-seed.ts'
import { runSeed } from './run-seed.ts'
import { shrinkSeed } from './shrink.ts'

/*
 * Builds that are broken on purpose. A simulator that sees no violation in them sees none anywhere: if one of these
 * tests fails, no green result of the simulators beside it means anything.
 */

const SEEDS = 20

test('the simulator of the core reports a follower that acknowledges before its fsync', () => {
  let reported = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    if (runSeed(seed, ['followerAcksBeforeFsync']).violation?.property === 'durable-majority') reported++
  }
  expect(reported).toBeGreaterThan(0)
})

test('the simulator of whole brokers reports a log that calls unsynced writes durable', async () => {
  let reported = 0
  for (let seed = 1; seed <= SEEDS && reported === 0; seed++) {
    const { finding } = await runBrokerSeed(seed, { defects: ['ackBeforeFsync'] })
    if (finding?.property === 'durable-majority') reported++
  }
  expect(reported).toBeGreaterThan(0)
})

test('a failing history of the core is made smaller, and fails in the same way', () => {
  const defects = ['blindOverwrite'] as const
  let seed = 1
  while (runSeed(seed, defects).violation === null) seed++
  const failed = runSeed(seed, defects)
  const { smaller, result } = shrinkSeed(failed, defects)
  expect(result.violation?.property).toBe(failed.violation?.property)
  expect(smaller.without.length).toBeGreaterThan(2)
  expect(runSeed(seed, defects, null, smaller).digest).toBe(result.digest)
  expect(result.events).toBeLessThan(failed.events)
})
