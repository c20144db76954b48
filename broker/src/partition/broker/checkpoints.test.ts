import { beforeEach, expect, test } from 'vitest'
import { MemoryStore } from '../../log/testing/memory-store.ts'
import { nodeCrc32c as crc32c } from '../../platform/node/checksum.ts'
import { settled } from '../../platform/testing/clock.ts'
import { silentLogger } from '../../platform/testing/logger.ts'
import type { Replica } from '../replica/replica.ts'
import { CheckpointSchedule, loadCheckpoint } from '../replica/state/checkpoint.ts'
import { STEP_PRODUCERS } from '../replica/state/checkpoint-codec.ts'
import { PartitionState } from '../replica/state/partition-state.ts'
import { Checkpoints } from './checkpoints.ts'

/** Checkpoints of a partition with so many producers that other work is done while they are encoded. */

const producers = 3 * STEP_PRODUCERS
const start = { commitIndex: 4, highWatermark: 4 }

function stateAt(commitIndex: number): PartitionState {
  const state = new PartitionState({ commitIndex, highWatermark: commitIndex }, null, producers)
  for (let id = 0; id < producers; id++) state.producers.restore(id, { epoch: 0, batches: [] })
  return state
}

let turns: (() => void)[]
let store: MemoryStore
let checkpoints: Checkpoints
let replica: {
  id: number
  incomplete: boolean
  schedule: CheckpointSchedule
  driver: { state: PartitionState; core: { durableIndex: number }; stopped: boolean }
  stop: () => void
}
beforeEach(() => {
  turns = []
  store = new MemoryStore()
  checkpoints = new Checkpoints({ store, crc32c, clock: { soon: (call) => void turns.push(call) } }, silentLogger)
  const schedule = new CheckpointSchedule(100, start)
  const driver = { state: stateAt(5), core: { durableIndex: 9 }, stopped: false }
  replica = { id: 7, incomplete: false, schedule, driver, stop: () => (driver.stopped = true) }
  schedule.appended(100)
  checkpoints.saveIfDue(replica as unknown as Replica)
})

const saved = async (): Promise<number | undefined> => (await loadCheckpoint(store, 7, crc32c))?.commitIndex
const finish = async (): Promise<void> => {
  for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) {
    turn()
    await settled()
  }
}

test('one is written when it is encoded', async () => {
  expect([turns.length, await saved()]).toEqual([1, undefined])
  await finish()
  expect([await saved(), replica.schedule.index]).toEqual([5, 5])
})

test.each<[string, () => void]>([
  ['the replica stops', () => replica.stop()],
  ['another log is installed', () => (replica.incomplete = true)],
  ['another state has taken its place', () => replica.schedule.replaced(stateAt(8))],
])('none is written once %s', async (_, happens) => {
  happens()
  const { index } = replica.schedule
  await finish()
  expect([await saved(), replica.schedule.index]).toEqual([undefined, index])
})

test('an older one is not written over that of the end', async () => {
  replica.driver.state = stateAt(6)
  await checkpoints.closeAll([replica as unknown as Replica])
  expect(await saved()).toBe(6)
  await finish()
  expect([await saved(), replica.schedule.index]).toEqual([6, 6])
})
