import { expect, test } from 'vitest'
import { newOutbox, type Outbox } from './outbox.ts'
import type { Ready } from './ready.ts'
import type { RaftState } from './state.ts'
import { hasNews, takeReady } from './take-ready.ts'

/** A replica with nothing to tell. */
function still(): RaftState {
  const configuration = { voters: [1, 2, 3], outgoing: [], learners: [] }
  const log = {
    hasWrite: false,
    takeWrite: () => ({ truncateFrom: null, append: [] }),
    durability: { issued: () => {} },
  }
  const outbox = { ...newOutbox(4, 2, 2, configuration), toldCommit: 7 }
  const membership = { changeOutcome: null, transferOutcome: null }
  const told = { term: 4, votedFor: 2, leader: 2, role: 'follower', commitIndex: 7, configuration }
  const state = { log, outbox, membership, ...told } as unknown as RaftState
  expect(hasNews(state)).toBe(false)
  return state
}

/** The fields of a Ready beyond its number and the commit index. */
function contentOf(ready: Ready): string[] {
  const { number: _number, commitIndex: _commitIndex, ...rest } = ready
  return Object.keys(rest).filter((name) => {
    const value = rest[name as keyof typeof rest]
    return Array.isArray(value) ? value.length > 0 : value !== null
  })
}

const rare: [keyof Outbox & keyof Ready, unknown][] = [
  ['offers', [{ to: 3 }]],
  ['install', { from: 2, lastIndex: 9, lastTerm: 4, source: 2 }],
  ['lostLogs', [{ from: 3, acknowledged: 9, has: 8 }]],
  ['lostTail', { leader: 2, acknowledged: 9, has: 8 }],
  ['cutTail', { leader: 2, from: 8, to: 9, acknowledged: false }],
  ['absurdities', ['entry 6 follows 4']],
]
const often: [keyof Outbox, keyof Ready, unknown][] = [
  ['now', 'send', [{ type: 'timeout-now', from: 1, to: 2, term: 4 }]],
  ['afterPersist', 'sendAfterPersist', [{ type: 'timeout-now', from: 1, to: 3, term: 4 }]],
  ['reads', 'reads', [{ ticket: 1, to: 2, from: 3, maxBytes: 100 }]],
  ...rare.map(([name, value]): [keyof Outbox, keyof Ready, unknown] => [name, name, value]),
]

test.each(often)('%s of the outbox is told once, and alone', (from, to, value) => {
  const state = still()
  Object.assign(state.outbox, { [from]: value, hasRare: rare.some(([name]) => name === from) })
  expect(hasNews(state)).toBe(true)
  const ready = takeReady(state)
  expect(contentOf(ready)).toEqual([to])
  expect(ready[to]).toEqual(value)
  expect(hasNews(state)).toBe(false)
  expect(contentOf(takeReady(state))).toEqual([])
  // The next rare news must not repeat the earlier.
  state.outbox.hasRare = true
  expect(contentOf(takeReady(state))).toEqual([])
})

const changes: [string, Partial<RaftState>, (keyof Ready)[]][] = [
  ['term', { term: 5 }, ['hardState', 'change']],
  ['vote', { votedFor: 3 }, ['hardState']],
  ['role', { role: 'pre-candidate' }, ['change']],
  ['leader', { leader: 3 }, ['change']],
  ['configuration', { configuration: { voters: [1], outgoing: [], learners: [] } }, ['configuration']],
  ['commit index', { commitIndex: 8 }, []],
]

test.each(changes)('a new %s is told once, and alone', (_, change, content) => {
  const state = still()
  Object.assign(state, change)
  expect(hasNews(state)).toBe(true)
  const ready = takeReady(state)
  expect([contentOf(ready), ready.commitIndex]).toEqual([content, state.commitIndex])
  expect(hasNews(state)).toBe(false)
  expect(contentOf(takeReady(state))).toEqual([])
})

test.each([
  ['memberChange', 'changeOutcome', { outcome: 'done', reason: '' }],
  ['transfer', 'transferOutcome', { to: 3, outcome: 'done' }],
] as const)('the outcome of a %s is told once, and alone', (to, from, value) => {
  const state = still()
  Object.assign(state.membership, { [from]: value })
  expect(hasNews(state)).toBe(true)
  const ready = takeReady(state)
  expect([contentOf(ready), ready[to]]).toEqual([[to], value])
  expect(hasNews(state)).toBe(false)
  expect(contentOf(takeReady(state))).toEqual([])
})
