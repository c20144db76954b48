import { expect, test } from 'vitest'
import { type CoreParts, coreOptions, ELECTION_TICKS } from './core-options.ts'

const parts = {
  brokerId: 4,
  spec: { voters: [1, 2, 3], stateMachine: null },
  settings: { sleepAfterMs: 1001, electionTimeoutMs: 100 * ELECTION_TICKS },
  random: { below: (bound: number) => bound - 1 },
  heartbeatTicks: 1,
} as unknown as CoreParts

test('M67: only a founder begins with the founders as voters; a replica that was added later begins with none', () => {
  const votersOf = (spec: object) => coreOptions({ ...parts, spec: { ...parts.spec, ...spec } }).configuration.voters
  expect(votersOf({})).toEqual([1, 2, 3])
  expect(votersOf({ admission: 0 })).toEqual([1, 2, 3])
  expect(votersOf({ admission: 1 })).toEqual([])
})

test('a group sleeps after the set time in whole ticks, rounded up', () => {
  expect(coreOptions(parts).sleepAfterTicks).toBe(11)
})
