import { TailraceError } from '@tailrace/schemas'
import { expect, it } from 'vitest'
import { Arrivals } from './arrivals.ts'
import { Cursor } from './cursor.ts'
import type { ReceivedBatch } from './received-batch.ts'

const cursors = [0, 1].map((partition) => new Cursor(partition, { kind: 'EARLIEST', value: 0 }))
const batch = (cursor: Cursor, firstOffset: number): ReceivedBatch => {
  return { cursor, bytes: new Uint8Array(), start: 0, end: 0, firstOffset, lastOffset: firstOffset }
}
const all = [batch(cursors[0]!, 0), batch(cursors[1]!, 5), batch(cursors[0]!, 1), batch(cursors[1]!, 6)]

it('takes out all batches of a partition, and keeps the order of the others', async () => {
  const arrivals = new Arrivals(() => true)
  for (const one of all) arrivals.push(one)
  expect(arrivals.drop(cursors[0]!)).toEqual([all[0], all[2]])
  expect([await arrivals.next(), await arrivals.next(), await arrivals.next()]).toEqual([all[1], all[3], undefined])
})

it('fails behind what was received before, or at once', async () => {
  for (const now of [false, true]) {
    const arrivals = new Arrivals(() => false)
    arrivals.push(all[0]!)
    arrivals.fail(new TailraceError('UNKNOWN_TOPIC'), now)
    arrivals.fail(new TailraceError('INTERNAL'), now)
    if (!now) expect(await arrivals.next()).toBe(all[0])
    await expect(arrivals.next()).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
  }
})

it('a reader that waits looks again when it is woken', async () => {
  let isComplete = false
  const arrivals = new Arrivals(() => isComplete)
  const next = arrivals.next()
  arrivals.wake()
  await Promise.resolve()
  isComplete = true
  arrivals.wake()
  expect(await next).toBeUndefined()
})
