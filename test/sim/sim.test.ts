import { describe, expect, test } from 'vitest'
import { type DefectName, runSeed } from './run-seed.ts'

const SEEDS = 500

test(`${SEEDS} seeds keep every property, and come to rest when the faults end`, () => {
  let elections = 0
  let committed = 0
  let reads = 0
  let installs = 0
  let tokenReads = 0
  let changes = 0
  let transfers = 0
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
  }
  // A simulator in which nothing happens would be green as well.
  expect(elections).toBeGreaterThan(3 * SEEDS)
  expect(committed).toBeGreaterThan(50 * SEEDS)
  expect(reads).toBeGreaterThan(20 * SEEDS)
  expect(installs).toBeGreaterThan(SEEDS)
  expect(tokenReads).toBeGreaterThan(10 * SEEDS)
  expect(changes).toBeGreaterThan(0.2 * SEEDS)
  expect(transfers).toBeGreaterThan(0.2 * SEEDS)
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

/** Each mechanism that is switched off, and what must then be seen to break, within so many seeds. */
const controls: [DefectName, number, string[]][] = [
  ['votesNotSynced', 200, ['election-safety']],
  ['followerAcksBeforeFsync', 50, ['durable-majority']],
  ['leaderCountsUnsynced', 50, ['durable-majority']],
  ['commitOlderTerm', 4000, ['leader-completeness', 'state-machine-safety', 'committed-is-final', 'durable-majority']],
  ['matchFromRejection', 100, ['state-machine-safety', 'durable-majority']],
  ['blindOverwrite', 50, ['committed-is-final', 'durable-majority']],
  ['commitUnverified', 1000, ['state-machine-safety']],
  ['voteWithoutLogCheck', 50, ['leader-completeness']],
  ['voteTwice', 200, ['election-safety']],
  ['lateWriteCounts', 1000, ['durable-majority']],
  ['slowLeaderClock', 500, ['stale-read']],
  ['leaseFromArrival', 8000, ['stale-read']],
  ['noRestartLease', 1000, ['stale-read']],
  ['noLeaseCheck', 1000, ['stale-read']],
  ['noJointConsensus', 200, ['durable-majority', 'leader-completeness', 'state-machine-safety']],
  ['twoChangesAtOnce', 200, ['durable-majority', 'leader-completeness', 'state-machine-safety']],
  ['outgoingIgnored', 200, ['durable-majority', 'leader-completeness', 'state-machine-safety']],
  ['outsiderCountsItself', 500, ['durable-majority', 'leader-completeness', 'state-machine-safety']],
  ['transferKeepsLease', 4000, ['stale-read']],
  // changeBeforeOwnTerm and configurationStays need a story of their own: raft/member-change.test.ts, raft/configuration-log.test.ts.
  ['votesUnderAnyAdmission', 10_000, ['leader-completeness', 'election-safety', 'durable-majority']],
  ['tokenByIndexOnly', 500, ['token-read', 'state-machine-safety', 'durable-majority']],
  ['installOverMatching', 2000, ['committed-is-final', 'durable-majority']],
  ['acknowledgeBeforeInstall', 500, ['durable-majority', 'state-machine-safety', 'core-assertion']],
  ['offerUncommitted', 500, ['snapshot-is-committed', 'durable-majority', 'state-machine-safety']],
  ['consistencyByIndexOnly', 100, ['log-matching']],
  ['staleLeaderObeyed', 200, ['core-assertion', 'committed-is-final', 'state-machine-safety']],
  ['learnersCount', 1000, ['durable-majority', 'leader-completeness', 'state-machine-safety']],
  ['restartCommitsTail', 50, ['state-machine-safety', 'durable-majority']],
  ['installDeletesFirst', 2000, ['durable-majority', 'acknowledged-is-kept', 'core-assertion']],
]

describe('negative controls', () => {
  for (const [defect, seeds, properties] of controls) {
    test(`${defect} is found within ${seeds} seeds`, { timeout: 60_000 }, () => {
      const found = firstViolation(defect, seeds, properties)
      expect(found, `no seed up to ${seeds} violates ${properties.join(' or ')}`).toBeGreaterThan(0)
      // It is the defect that breaks the property: the same seed without it is clean.
      expect(runSeed(found).violation).toBeNull()
    })
  }
})

function firstViolation(defect: DefectName, seeds: number, properties: readonly string[]): number {
  for (let seed = 1; seed <= seeds; seed++) {
    const { violation } = runSeed(seed, [defect])
    if (violation !== null && properties.includes(violation.property)) return seed
  }
  return 0
}
