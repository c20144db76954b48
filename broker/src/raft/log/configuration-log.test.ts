import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Configuration } from '../config.ts'
import {
  configurationEntry,
  ET,
  logOf,
  startFrom,
  TestCluster,
  TestNode,
  testOptions,
} from '../testing/test-cluster.ts'
import { ConfigurationLog } from './configuration-log.ts'

const of = (...voters: number[]): Configuration => ({ voters, outgoing: [], learners: [] })

/** A follower with one entry of term 1, which a leader of term 1 has sent a configuration after it. */
function followerWith(configuration: Configuration, defects = {}): TestNode {
  const node = new TestNode(testOptions(1, [1, 2, 3]), logOf([1]), undefined, defects)
  const entries = [configurationEntry(2, 1, 1, configuration)]
  node.step({ type: 'append', from: 2, to: 1, term: 1, prevIndex: 1, prevTerm: 1, entries, commit: 0 })
  return node
}

/** The leader of term 2 replaces entry 2. */
function replaceEntryTwo(node: TestNode): void {
  const entries = [{ ...logOf([1, 2])[1]! }]
  node.step({ type: 'append', from: 3, to: 1, term: 2, prevIndex: 1, prevTerm: 1, entries, commit: 0 })
}

describe('M68, M71, M73: which configuration governs', () => {
  test('M68: a configuration governs from its append on, committed or not', () => {
    const node = followerWith(of(1, 2, 3, 4))
    expect(node.commitIndex).toBe(0)
    expect(node.core.configuration).toEqual(of(1, 2, 3, 4))
    expect(node.core.configurationIndex).toBe(2)
  })
  test('M73: the last configuration falls back to the one before when its entry is overwritten', () => {
    const node = followerWith(of(1, 2, 3, 4))
    replaceEntryTwo(node)
    expect(node.core.configuration).toEqual(of(1, 2, 3))
    expect(node.core.configurationIndex).toBe(0)
    const control = followerWith(of(1, 2, 3, 4), { configurationStays: true })
    replaceEntryTwo(control)
    expect(control.core.configuration).toEqual(of(1, 2, 3, 4))
  })
  test('M71: after a crash between append and fsync the one before governs; after the fsync the new one, from the first election on', () => {
    for (const synced of [false, true]) {
      const node = new TestNode(testOptions(1, [1, 2, 3]), logOf([1]))
      node.autoSync = false
      const entries = [configurationEntry(2, 1, 1, of(1, 4, 5))]
      node.step({ type: 'append', from: 2, to: 1, term: 1, prevIndex: 1, prevTerm: 1, entries, commit: 0 })
      if (synced) node.sync()
      const onDisk = synced ? node.log : logOf([1])
      const again = new TestNode(testOptions(1, [1, 2, 3]), onDisk, startFrom(onDisk, node.hardState))
      again.tick(3 * ET)
      const asked = new Set(again.take().map(({ to }) => to))
      expect([...asked]).toEqual(synced ? [4, 5] : [2, 3])
    }
  })
  test('M73: appends, truncations and compactions against a list that is searched anew each time', () => {
    const step = fc.record({ kind: fc.constantFrom('append', 'other', 'truncate', 'compact'), at: fc.nat(30) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const log = new ConfigurationLog(of(1), [], 1, 0, false)
        const entries: (Configuration | null)[] = []
        let prev = 0
        for (const { kind, at } of steps) {
          if (kind === 'append') {
            const configuration = of(1, 2 + at)
            entries.push(configuration)
            log.append(configurationEntry(entries.length, 1, 0, configuration))
          } else if (kind === 'other') {
            entries.push(null)
          } else if (kind === 'truncate' && at > prev && at <= entries.length) {
            entries.length = at - 1
            log.truncateFrom(at)
          } else if (kind === 'compact' && at > prev && at <= entries.length) {
            prev = at
            log.compactedTo(at)
          }
          expect(log.latest.configuration).toEqual(entries.findLast((entry) => entry !== null) ?? of(1))
          expect(log.at(prev).configuration).toEqual(
            entries.slice(0, prev).findLast((entry) => entry !== null) ?? of(1),
          )
        }
      }),
      { numRuns: 500 },
    )
  })
})

test('M67: a log has named a replica only under its own id and admission, compacted or not', () => {
  const admitted: Configuration = { ...of(1, 2), admissions: { 2: 7 } }
  const everNamed = (id: number, admission: number, compactTo = 0) => {
    const log = new ConfigurationLog(admitted, [{ index: 3, configuration: of(1) }], id, admission, false)
    if (compactTo > 0) log.compactedTo(compactTo)
    return log.everNamed
  }
  for (const compactTo of [0, 3]) {
    expect(everNamed(1, 0, compactTo)).toBe(true)
    expect(everNamed(2, 7, compactTo)).toBe(true)
    expect(everNamed(2, 6, compactTo)).toBe(false)
    expect(everNamed(3, 7, compactTo)).toBe(false)
  }
})

/**
 * Four brokers. 1 appends the removal of 4 and is deposed; 2 replaces that entry everywhere, and then removes 3. If the
 * entry that is gone governed on at 1, {1, 3} and {2, 4} would decide apart from each other.
 */
function forkedRemovals(defects: { configurationStays?: boolean }): TestCluster {
  const cluster = new TestCluster(4, {}, [], defects)
  cluster.elect(1)
  cluster.tick()
  cluster.cut(1, 2, 3, 4)
  cluster.node(1).core.changeMembers({ voters: [1, 2, 3], learners: [] })
  cluster.settle()
  expect(cluster.node(1).core.configuration.voters).toEqual([1, 2, 3])
  const rest = [2, 3, 4].map((id) => cluster.node(id))
  cluster.tick(4 * ET, rest)
  expect(cluster.leaders).toContain(2)
  cluster.heal()
  cluster.tick(2)
  // 1 and 3 have the first entry of the new term, and no later one.
  cluster.cut(1, 2, 4)
  cluster.cut(3, 2, 4)
  cluster.node(2).core.changeMembers({ voters: [1, 2, 4], learners: [] })
  cluster.settle()
  return cluster
}

test('M73: a configuration that was overwritten decides nothing any more', () => {
  const cluster = forkedRemovals({})
  cluster.tick(5 * ET, [cluster.node(1), cluster.node(3)])
  expect(cluster.node(2).commitIndex).toBe(cluster.node(2).log.length)
  expect([cluster.node(1).core.role, cluster.node(3).core.role]).not.toContain('leader')
  // Control: with the old entry still in force, 1 and 3 elect a leader that lacks entries that 2 and 4 have committed.
  const control = forkedRemovals({ configurationStays: true })
  control.tick(5 * ET, [control.node(1), control.node(3)])
  expect(control.node(2).commitIndex).toBe(control.node(2).log.length)
  expect([control.node(1).core.role, control.node(3).core.role]).toContain('leader')
})
