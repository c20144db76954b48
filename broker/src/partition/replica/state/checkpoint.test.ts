import { describe, expect, test } from 'vitest'
import { CheckpointSchedule } from './checkpoint.ts'
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

  test('a change of the commit index or of the high watermark alone is a change', () => {
    const schedule = new CheckpointSchedule(100, stateAt(4, 40))
    expect(schedule.changed(stateAt(4, 40))).toBe(false)
    expect(schedule.changed(stateAt(5, 40))).toBe(true)
    expect(schedule.changed(stateAt(4, 41))).toBe(true)
    schedule.replaced(stateAt(5, 50))
    expect(schedule.changed(stateAt(5, 50))).toBe(false)
  })
})
