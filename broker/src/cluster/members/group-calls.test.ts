import { TailraceError } from '@tailrace/schemas'
import { expect, it } from 'vitest'
import { ManualClock } from '../../platform/testing/clock.ts'
import { silentLogger } from '../../platform/testing/logger.ts'
import { MetadataState } from '../metadata/metadata-state.ts'
import { LeaderDirectory } from '../routing/leader-directory.ts'
import { GroupCalls } from './group-calls.ts'

it('a broker that does not lead is not asked again because a replica here names it', async () => {
  const clock = new ManualClock()
  const known = { connected: () => true, announce: () => {}, mayExist: () => true, onChange: () => {} }
  const directory = new LeaderDirectory({ brokerId: 1, clock, logger: silentLogger, ...known })
  const asked: number[] = []
  const request = async (broker: number): Promise<never> => {
    asked.push(broker)
    throw new TailraceError(broker === 3 ? 'NOT_LEADER' : 'TIMED_OUT')
  }
  const calls = new GroupCalls({
    brokerId: 1,
    directory,
    clock,
    state: new MetadataState(),
    peers: { request } as never,
    here: () => Promise.reject(new Error('not asked')),
  })
  // The replica here was removed while 3 led, and never learnt of the leader after it.
  directory.own(7, 2, 3)
  directory.announced(4, [{ group: 7, term: 3 }])
  expect(calls.leaderOf(7)).toBe(3)
  const drive = { group: 7, change: 23 }
  await expect(calls.at(calls.leaderOf(7), 'DriveChange', drive, 100)).rejects.toMatchObject({ code: 'NOT_LEADER' })
  expect(calls.leaderOf(7)).toBe(4)
  await expect(calls.at(calls.leaderOf(7), 'DriveChange', drive, 100)).rejects.toMatchObject({ code: 'TIMED_OUT' })
  expect([calls.leaderOf(7), asked]).toEqual([4, [3, 4]])
  directory.close()
})
