import { describe, expect, test } from 'vitest'
import { SimRandom } from '../../../testing/src/simulation/sim-random.ts'
import { checkSeeds } from './check-seeds.ts'
import { type DefectName, runSeed } from './run-seed.ts'
import { drawSwarm } from './swarm.ts'
import type { SwarmOptions } from './swarm-options.ts'

/** Those behind them are in more-cores.test.ts. */
const SEEDS = 500

test(`${SEEDS} seeds keep every property, and come to rest when the faults end`, () => {
  checkSeeds(1, SEEDS)
}, 60_000)

test('one seed, one history', () => {
  const digests = new Set<string>()
  for (let seed = 1; seed <= 20; seed++) {
    const [once, again] = [runSeed(seed), runSeed(seed)]
    expect(again).toEqual(once)
    digests.add(once.digest)
  }
  expect(digests.size).toBe(20)
})

/**
 * Each mechanism that is switched off, and the properties that must then be seen to break, within so many seeds. Some
 * need a history that few seeds have: of those only the ones that have the fault count, and are run.
 */
const controls: [DefectName, number, string[], (keyof SwarmOptions)?][] = [
  ['votesNotSynced', 200, ['election-safety']],
  ['followerAcksBeforeFsync', 50, ['durable-majority']],
  ['leaderCountsUnsynced', 50, ['durable-majority']],
  ['commitOlderTerm', 1000, ['leader-completeness', 'state-machine-safety', 'committed-is-final', 'durable-majority']],
  ['matchFromRejection', 100, ['state-machine-safety', 'durable-majority']],
  ['blindOverwrite', 50, ['committed-is-final', 'durable-majority']],
  ['commitUnverified', 2000, ['state-machine-safety']],
  ['voteWithoutLogCheck', 50, ['leader-completeness']],
  ['voteTwice', 200, ['election-safety']],
  ['lateWriteCounts', 1000, ['durable-majority']],
  ['slowLeaderClock', 500, ['stale-read']],
  ['leaseFromArrival', 2000, ['stale-read']],
  ['noRestartLease', 1000, ['stale-read']],
  ['noLeaseCheck', 1000, ['stale-read']],
  ['noJointConsensus', 200, ['durable-majority', 'leader-completeness', 'state-machine-safety']],
  ['twoChangesAtOnce', 200, ['durable-majority', 'leader-completeness', 'state-machine-safety']],
  ['outgoingIgnored', 200, ['durable-majority', 'leader-completeness', 'state-machine-safety']],
  ['outsiderCountsItself', 500, ['durable-majority', 'leader-completeness', 'state-machine-safety']],
  ['transferKeepsLease', 1000, ['stale-read']],
  ['changeBeforeOwnTerm', 3000, ['durable-majority', 'leader-completeness', 'state-machine-safety'], 'schismEvery'],
  ['configurationStays', 3000, ['durable-majority', 'leader-completeness', 'state-machine-safety'], 'schismEvery'],
  ['voteRequestBeforeFsync', 8000, ['leader-completeness'], 'candidateFalls'],
  ['sleeperKeepsLease', 3000, ['stale-read']],
  ['votesUnderAnyAdmission', 8000, ['leader-completeness', 'election-safety', 'durable-majority'], 'renewal'],
  ['tokenByIndexOnly', 500, ['token-read', 'state-machine-safety', 'durable-majority']],
  ['installOverMatching', 500, ['committed-is-final', 'durable-majority']],
  ['acknowledgeBeforeInstall', 500, ['durable-majority', 'state-machine-safety', 'lost-log', 'core-assertion']],
  ['offerUncommitted', 500, ['snapshot-is-committed', 'durable-majority', 'state-machine-safety']],
  ['consistencyByIndexOnly', 100, ['log-matching']],
  ['staleLeaderObeyed', 200, ['core-assertion', 'committed-is-final', 'state-machine-safety']],
  ['learnersCount', 1000, ['durable-majority', 'leader-completeness', 'state-machine-safety']],
  ['restartCommitsTail', 50, ['state-machine-safety', 'durable-majority']],
  ['installDeletesFirst', 1000, ['durable-majority', 'acknowledged-is-kept', 'lost-log', 'core-assertion']],
]

describe('negative controls', () => {
  for (const [defect, seeds, properties, fault] of controls) {
    test(`${defect} is found within ${seeds} seeds`, { timeout: 60_000 }, () => {
      const found = firstViolation(defect, seeds, properties, fault)
      expect(found, `no seed up to ${seeds} violates ${properties.join(' or ')}`).toBeGreaterThan(0)
      // It is the defect that breaks the property: the same seed without it is clean.
      expect(runSeed(found).violation).toBeNull()
    })
  }
})

function firstViolation(
  defect: DefectName,
  seeds: number,
  properties: readonly string[],
  fault: keyof SwarmOptions | undefined,
): number {
  for (let seed = 1; seed <= seeds; seed++) {
    if (fault !== undefined && !drawSwarm(new SimRandom(seed))[fault]) continue
    const { violation } = runSeed(seed, [defect])
    if (violation !== null && properties.includes(violation.property)) return seed
  }
  return 0
}
