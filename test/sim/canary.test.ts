import { expect, test } from 'vitest'
import { runBrokerSeed } from './broker/run-broker-seed.ts'
import { runSeed } from './run-seed.ts'

/*
 * Builds that are broken on purpose. Whoever sees no violation in them sees none anywhere: if one of these tests fails, no green result of the
 * simulators beside it means anything.
 */

const SEEDS = 20

test('the simulator of the core reports a follower that acknowledges before its fsync', () => {
  let reported = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    if (runSeed(seed, ['followerAcksBeforeFsync']).violation?.property === 'durable-majority') reported++
  }
  expect(reported).toBeGreaterThan(0)
})

test('the simulator of whole brokers reports a log that calls durable what it has only been asked to write', async () => {
  let reported = 0
  for (let seed = 1; seed <= SEEDS && reported === 0; seed++) {
    const { finding } = await runBrokerSeed(seed, { defects: ['ackBeforeFsync'] })
    if (finding?.property === 'durable-majority') reported++
  }
  expect(reported).toBeGreaterThan(0)
})
