import { expect, test } from 'vitest'
import { MemoryStore } from '../../log/testing/memory-store.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { silentLogger } from '../../platform/testing/logger.ts'
import type { Command } from './commands/command.ts'
import { decodeCommand, encodeCommand } from './commands/command.ts'
import { MetadataState } from './metadata-state.ts'
import { loadMetadata, MetadataWriter } from './store/metadata-store.ts'

const asked = { at: 5, broker: 1, by: 'ann' }
const drain = (drained: number, draining: boolean) => ({ type: 'set-draining', drained, draining, ...asked }) as const
const balance = (balancing: boolean) => ({ type: 'set-balancing', balancing, ...asked }) as const

function stateAfter(...commands: Command[]): MetadataState {
  const state = new MetadataState()
  commands.forEach((command, at) => void state.apply(at + 1, { id: `c${at}`, command }))
  return state
}

test('what operators want of the spread is kept, with who asked', () => {
  const state = stateAfter(drain(3, true), drain(2, true), drain(3, true), balance(true))
  expect(state.upkeep).toEqual({ draining: [2, 3], balancing: true })
  expect(state.audit.map(({ action, target, by }) => [action, target, by])).toEqual([
    ['drain-broker', 'broker 3', 'ann'],
    ['drain-broker', 'broker 2', 'ann'],
    ['balance', 'cluster', 'ann'],
  ])
  expect(stateAfter(drain(3, true), drain(3, false), balance(false)).upkeep).toEqual({ draining: [], balancing: false })
})

test('a broker that is removed is not drained any more, and cannot be', () => {
  const state = stateAfter(drain(3, true), { type: 'remove-broker', removed: 3, ...asked })
  expect(state.upkeep.draining).toEqual([])
  expect(state.apply(9, { id: 'late', command: drain(3, true) }).result).toMatchObject({ code: 'UNKNOWN_BROKER' })
})

test('it survives a restart, and a state that comes from elsewhere replaces it', async () => {
  const store = new MemoryStore()
  const writer = new MetadataWriter(store, new ManualClock(0), silentLogger)
  const state = new MetadataState()
  writer.applied(state, state.apply(1, { id: 'a', command: drain(2, true) }))
  writer.applied(state, state.apply(2, { id: 'b', command: balance(true) }))
  await writer.settled()
  const loaded = new MetadataState()
  await loadMetadata(store, loaded)
  expect(loaded.upkeep).toEqual({ draining: [2], balancing: true })
  loaded.clear()
  expect(loaded.upkeep).toEqual({ draining: [], balancing: false })
})

test.each([
  { ...drain(0, true) },
  { ...drain(2, true), draining: 'yes' },
  { ...drain(2, true), by: 5 },
  { ...balance(true), balancing: 1 },
  { ...balance(true), at: -1 },
])('%j is no command', (odd) => {
  expect(decodeCommand(encodeCommand({ id: 'x', command: odd as Command }, 5))).toBeNull()
})
