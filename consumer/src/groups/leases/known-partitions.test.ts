import { TailraceError } from '@tailrace/schemas'
import { expect, it } from 'vitest'
import type { Lease } from '../beats/beat-messages.ts'
import { KnownPartitions } from './known-partitions.ts'

const lease = (topic: string, partition: number, topicId = `id of ${topic}`) => ({ topic, topicId, partition }) as Lease

function openWith(counts: Record<string, number>, topics: readonly string[]) {
  const topic = async (name: string) => {
    const count = counts[name]
    if (count === undefined) throw new TailraceError('UNKNOWN_TOPIC')
    return { name, id: `id of ${name}`, leaders: Array<number>(count).fill(1), replicas: [] }
  }
  return new KnownPartitions({ topic }, topics)
}

it('knows partitions that topics have got since the member began', async () => {
  const counts: Record<string, number> = { flights: 2 }
  const known = openWith(counts, ['flights', 'later'])
  expect([await known.wasAdded(lease('flights', 0)), await known.wasAdded(lease('flights', 1))]).toEqual([false, false])
  counts.flights = 4
  expect([await known.wasAdded(lease('flights', 1)), await known.wasAdded(lease('flights', 2))]).toEqual([false, true])
})

it('learns of topics that came later by their first lease', async () => {
  const counts: Record<string, number> = {}
  const known = openWith(counts, ['later'])
  expect(await known.wasAdded(lease('later', 5))).toBe(false)
  counts.later = 3
  expect(await known.wasAdded(lease('later', 2))).toBe(false)
  counts.later = 4
  expect(await known.wasAdded(lease('later', 3))).toBe(true)
})

it('takes another topic of the name for one that came later', async () => {
  const known = openWith({ flights: 1 }, ['flights'])
  expect(await known.wasAdded(lease('flights', 3, 'another id'))).toBe(false)
})

it('waits for no other topic than that of the lease', async () => {
  const never = new Promise<never>(() => {})
  const topic = async (name: string) =>
    name === 'slow' ? never : { name, id: `id of ${name}`, leaders: [1, 1], replicas: [] }
  const known = new KnownPartitions({ topic }, ['slow', 'flights'])
  expect([await known.wasAdded(lease('flights', 1)), await known.wasAdded(lease('flights', 2))]).toEqual([false, true])
})
