import { describe, expect, test } from 'vitest'
import { SimRandom } from '../random.ts'
import { type DefectName, runSeed } from './run-seed.ts'
import { drawSwarm } from './swarm.ts'
import type { SwarmOptions } from './swarm-options.ts'

const SEEDS = 2000

test(`${SEEDS} seeds keep every property, and come to rest when the faults end`, () => {
  let elections = 0
  let committed = 0
  let reads = 0
  let installs = 0
  let tokenReads = 0
  let changes = 0
  let transfers = 0
  let slumbers = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
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
  // A simulator in which nothing happens would be green as well.
  expect(elections).toBeGreaterThan(3 * SEEDS)
  expect(committed).toBeGreaterThan(50 * SEEDS)
  expect(reads).toBeGreaterThan(20 * SEEDS)
  expect(installs).toBeGreaterThan(0.8 * SEEDS)
  expect(tokenReads).toBeGreaterThan(10 * SEEDS)
  expect(changes).toBeGreaterThan(0.2 * SEEDS)
  expect(transfers).toBeGreaterThan(0.2 * SEEDS)
  expect(slumbers).toBeGreaterThan(SEEDS)
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
