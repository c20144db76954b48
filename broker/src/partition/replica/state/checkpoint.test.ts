import { describe, expect, test } from 'vitest'
import { MemoryStore } from '../../../log/testing/memory-store.ts'
import { nodeCrc32c as crc32c } from '../../../platform/node/checksum.ts'
import { settled } from '../../../platform/testing/clock.ts'
import { CheckpointSchedule, loadCheckpoint, saveInSteps } from './checkpoint.ts'
import { type Checkpoint, STEP_PRODUCERS } from './checkpoint-codec.ts'
import { PartitionState } from './partition-state.ts'

function stateAt(commitIndex: number, highWatermark = commitIndex * 10): PartitionState {
  return new PartitionState({ commitIndex, highWatermark, producersIndex: commitIndex, commitTerm: 1 }, null, 10)
}

describe('when the next checkpoint of a partition is due', () => {
  test('after so many bytes, once something new is committed and durable here', () => {
    const schedule = new CheckpointSchedule(100, stateAt(4))
    schedule.appended(99)
    expect(schedule.due(stateAt(5), 5)).toBe(false)
    schedule.appended(1)
    expect(schedule.due(stateAt(5), 5)).toBe(true)
    expect(schedule.due(stateAt(5), 4)).toBe(false)
    expect(schedule.due(stateAt(4), 5)).toBe(false)
  })

  test('not while one is written, and again after it, whether it was saved or failed', async () => {
    for (const fails of [false, true]) {
      const schedule = new CheckpointSchedule(100, stateAt(4))
      schedule.appended(100)
      const saved = schedule.save(stateAt(5), async () => {
        schedule.appended(100)
        expect(schedule.due(stateAt(6), 6)).toBe(false)
        if (fails) throw new Error('the disk is full')
      })
      if (fails) await expect(saved).rejects.toThrow('the disk is full')
      else await saved
      expect(schedule.index).toBe(fails ? 4 : 5)
      expect(schedule.due(stateAt(6), 6)).toBe(true)
    }
  })

  test('counts bytes anew from each save, and from a state that has taken the place of the old one', async () => {
    const schedule = new CheckpointSchedule(100, stateAt(4))
    schedule.appended(100)
    await schedule.save(stateAt(5), async () => {})
    schedule.appended(99)
    expect(schedule.due(stateAt(6), 6)).toBe(false)
    schedule.appended(1)
    expect(schedule.due(stateAt(6), 6)).toBe(true)
    schedule.replaced(stateAt(8))
    expect([schedule.index, schedule.due(stateAt(9), 9)]).toEqual([8, false])
  })

  test('one that is overtaken by another, or by another state, is not the latest any more', async () => {
    const schedule = new CheckpointSchedule(100, stateAt(4))
    const [older, newer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    let isLatest = (): boolean => false
    const first = schedule.save(stateAt(5), (latest) => {
      isLatest = latest
      return older.promise
    })
    expect(isLatest()).toBe(true)
    const second = schedule.save(stateAt(6), () => newer.promise)
    expect(isLatest()).toBe(false)
    schedule.appended(100)
    older.resolve()
    await first
    expect([schedule.index, schedule.due(stateAt(7), 7)]).toEqual([4, false])
    schedule.replaced(stateAt(8))
    newer.resolve()
    await second
    schedule.appended(100)
    expect([schedule.index, schedule.due(stateAt(9), 9)]).toEqual([8, true])
  })

  test('one that has written nothing does not count', async () => {
    const schedule = new CheckpointSchedule(100, stateAt(4))
    await schedule.save(stateAt(5), async () => null)
    expect(schedule.index).toBe(4)
  })

  test('a change of the commit index or of the high watermark alone is a change', () => {
    const schedule = new CheckpointSchedule(100, stateAt(4, 40))
    expect(schedule.changed(stateAt(4, 40))).toBe(false)
    expect(schedule.changed(stateAt(5, 40))).toBe(true)
    expect(schedule.changed(stateAt(4, 41))).toBe(true)
    schedule.replaced(stateAt(5, 50))
    expect(schedule.changed(stateAt(5, 50))).toBe(false)
  })
})

describe('a checkpoint that is saved in steps', () => {
  const at = { commitIndex: 9, highWatermark: 9, producersIndex: 9, fence: 3, deletedBefore: 0 }
  const batches = [{ producerId: 0, epoch: 0, baseSequence: 0, records: 1, index: 5, baseOffset: 5 }]
  const checkpointOf = (producers: number): Checkpoint => ({
    ...at,
    producers: Array.from({ length: producers }, (_, id) => [
      id,
      { epoch: 0, batches: [{ ...batches[0]!, producerId: id }] },
    ]),
  })
  const setUp = () => {
    const turns: (() => void)[] = []
    const store = new MemoryStore()
    return { turns, store, services: { store, crc32c, clock: { soon: (call: () => void) => void turns.push(call) } } }
  }
  const next = async (turns: (() => void)[]): Promise<void> => {
    turns.shift()!()
    await settled()
  }

  test('is written in the turn of the call where it has few producers', async () => {
    const { turns, store, services } = setUp()
    const size = await saveInSteps(services, 7, checkpointOf(STEP_PRODUCERS), () => false)
    expect([turns.length, size]).toEqual([0, expect.any(Number)])
    expect(await loadCheckpoint(store, 7, crc32c)).toEqual(checkpointOf(STEP_PRODUCERS))
  })

  test('lets other work be done after each thousand, and is then whole', async () => {
    const { turns, store, services } = setUp()
    const checkpoint = checkpointOf(3 * STEP_PRODUCERS)
    const saved = saveInSteps(services, 7, checkpoint, () => true)
    for (let pauses = 0; pauses < 2; pauses++) {
      expect([turns.length, await loadCheckpoint(store, 7, crc32c)]).toEqual([1, null])
      await next(turns)
    }
    await saved
    expect(await loadCheckpoint(store, 7, crc32c)).toEqual(checkpoint)
  })

  test('is not written once it is not wanted any more', async () => {
    const { turns, store, services } = setUp()
    let isWanted = true
    const saved = saveInSteps(services, 7, checkpointOf(3 * STEP_PRODUCERS), () => isWanted)
    await next(turns)
    isWanted = false
    await next(turns)
    expect([await saved, await loadCheckpoint(store, 7, crc32c)]).toEqual([null, null])
  })
})
