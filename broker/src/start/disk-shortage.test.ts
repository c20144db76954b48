import { expect, test } from 'vitest'
import { ManualClock } from '../platform/testing/clock.ts'
import { copyShortage, diskShortage, watchRoom } from './disk-shortage.ts'

const space = (writable: boolean, cramped: boolean, reserveBytes = 1_000) =>
  ({ writable, cramped, usage: { reserveBytes } }) as never

test('names the disk, what follows and what to do', () => {
  const remedy = 'Free space on it, delete topics, or lower their retention.'
  const disk = 'The disk of this broker is full'
  const all = [space(true, false), space(false, false), space(false, true), space(false, true, 0)]
  expect(all.map(diskShortage)).toEqual([
    null,
    `${disk}: less than the reserve of 1000 bytes (diskReserveBytes) is free, so partitions that are led here take no records. ${remedy}`,
    `${disk}: less than half of the reserve of 1000 bytes (diskReserveBytes) is free, so replicas here take no records. ${remedy}`,
    `${disk}, so replicas here take no records. ${remedy}`,
  ])
  expect(all.map(copyShortage)).toEqual([
    null,
    `${disk}: less than the reserve of 1000 bytes (diskReserveBytes) is free, so no records are copied. ${remedy}`,
    `${disk}: less than half of the reserve of 1000 bytes (diskReserveBytes) is free, so no records are copied. ${remedy}`,
    `${disk}, so no records are copied. ${remedy}`,
  ])
})

test('is logged at once, and again only when it has changed', async () => {
  const clock = new ManualClock()
  const logged: unknown[] = []
  const info = (fields: object, message: string) => void logged.push(['info', message, fields])
  const error = (fields: object, message: string) => void logged.push(['error', message, fields])
  let reason: string | null = 'The disk is full.'
  const looking = watchRoom(() => reason, clock, { info, error, warn: () => {} })
  await clock.advance(5_000)
  const shortage = ['error', 'the disk has no room for records', { reason: 'The disk is full.' }]
  expect(logged).toEqual([shortage])
  reason = null
  await clock.advance(5_000)
  reason = 'The disk is full.'
  await clock.advance(1_000)
  expect(logged).toEqual([shortage, ['info', 'there is disk space again', {}], shortage])
  reason = null
  looking.cancel()
  await clock.advance(5_000)
  expect(logged).toHaveLength(3)
})
