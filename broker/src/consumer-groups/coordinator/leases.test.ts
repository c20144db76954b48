import { beforeEach, expect, test } from 'vitest'
import { delayedKey, newConsumerGroup, putDelayed, putPartition, UNKNOWN_PARTITION } from '../state/consumer-group.ts'
import { dueIn, Leases } from './leases.ts'

const NOW = 1000
const topic = { topic: 'flights', topicId: 'i' }

let leases: Leases
let group: ReturnType<typeof newConsumerGroup>

beforeEach(() => {
  leases = new Leases()
  group = newConsumerGroup('g', 1, 0)
})

/** `token`: that of the lease. */
function lease(partition: number, holder: string, token: number, revoking = false): void {
  putPartition(group, topic, partition, { ...UNKNOWN_PARTITION, owner: holder, holder, token, revoking })
  group.epoch += 1
}
function delay(partition: number, offset: number, due: number): void {
  const record = { topicId: 'i', partition, offset, due, attempt: 2 }
  putDelayed(group, delayedKey('i', partition, offset), record)
}
const dueOf = (member: string, now = NOW) =>
  leases.dueOf(group, member, dueIn(group, now)).map(({ partition, offset, token }) => [partition, offset, token])

test('a member gets what is due of the partitions that it keeps', () => {
  lease(0, 'a', 1)
  lease(1, 'b', 2)
  lease(2, 'a', 3, true)
  lease(3, 'a', 4)
  for (const partition of [3, 2, 1, 0, 9]) {
    delay(partition, 5, NOW)
    delay(partition, 6, NOW + 1)
  }
  const all = { a: dueOf('a'), b: dueOf('b'), c: dueOf('c'), before: dueOf('a', NOW - 1) }
  expect(all).toEqual({
    a: [
      [0, 5, 1],
      [3, 5, 4],
    ],
    b: [[1, 5, 2]],
    c: [],
    before: [],
  })
  expect(dueOf('b', NOW + 1)).toEqual([
    [1, 5, 2],
    [1, 6, 2],
  ])
})

test('an answer has a thousand of them', () => {
  for (const partition of [0, 1]) {
    lease(partition, 'a', 1 + partition)
    for (let offset = 0; offset < 700; offset++) delay(partition, offset, NOW)
  }
  expect(dueOf('a')).toHaveLength(1000)
})
