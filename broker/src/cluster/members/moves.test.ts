import type { BrokerId } from '@tailrace/schemas'
import { beforeEach, expect, test } from 'vitest'
import type { GroupTarget, MembersDescription } from '../../api/admin-api.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { MetadataState } from '../metadata/metadata-state.ts'
import type { TopicPartition } from '../metadata/partition-replicas.ts'
import { movesOf } from './moves.ts'

const still = { stage: 'stable', target: null, voters: [1], outgoing: [], lastOutcome: null }
let state: MetadataState
let asked: GroupTarget[]
let ofMetadata: object
let atOnce: number
let mostAtOnce: number
const clock = new ManualClock()

beforeEach(() => {
  state = new MetadataState()
  ;[asked, ofMetadata, atOnce, mostAtOnce] = [[], still, 0, 0]
})

function topic(name: string, ...partitions: Partial<TopicPartition>[]): void {
  const group = state.head.nextGroup
  state.head.nextGroup += partitions.length
  const numbered = partitions.map((some, at) => ({ group: group + at, founders: [1], replicas: [1], ...some }))
  state.addTopic({ name, id: name, config: {}, partitions: numbered })
}
const changing = (...replicas: BrokerId[]) => {
  return { change: { index: 5, kind: 'assign', replicas, admissions: {} } } as const
}
const failed = (reason: string) => ({ lastChange: { change: 4, outcome: 'failed', reason, target: [3] } }) as const
const done = { lastChange: { change: 4, outcome: 'done', reason: '', target: [1] } } as const

const moves = () =>
  movesOf(state, clock, async (target) => {
    asked.push(target)
    mostAtOnce = Math.max(mostAtOnce, ++atOnce)
    await Promise.resolve()
    atOnce--
    return (target.kind === 'metadata' ? ofMetadata : { term: 3 }) as MembersDescription
  })

test('only those under way are asked about, and they come first, in the order of names', async () => {
  topic('b', {}, done, changing(1, 2))
  topic('a', failed('broker 3 was not heard of'), changing(2))
  const members = { term: 3 }
  expect(await moves()).toEqual({
    moves: [
      { topic: 'a', partition: 1, from: [1], to: [2], failed: null, members },
      { topic: 'b', partition: 2, from: [1], to: [1, 2], failed: null, members },
      { topic: 'a', partition: 0, from: [1], to: [3], failed: 'broker 3 was not heard of', members: null },
    ],
    more: 0,
  })
  expect(asked).toHaveLength(3)
})

test('the metadata group comes before all others', async () => {
  topic('a', changing(2))
  ofMetadata = { ...still, target: [1, 2] }
  const place = { topic: null, partition: 0, from: [1] }
  expect((await moves()).moves[0]).toEqual({ ...place, to: [1, 2], failed: null, members: ofMetadata })
  ofMetadata = { ...still, stage: 'joint', voters: [1, 2], outgoing: [1] }
  expect((await moves()).moves[0]).toMatchObject({ ...place, to: [1, 2], failed: null })
  ofMetadata = { ...still, lastOutcome: { outcome: 'failed', reason: 'no', target: [1, 9] } }
  expect((await moves()).moves[0]).toEqual({ ...place, to: [1, 9], failed: 'no', members: null })
  ofMetadata = still
  expect((await moves()).moves[0]).toMatchObject({ topic: 'a' })
})

test('at most 200 are listed, and 16 leaders asked at one time', async () => {
  topic('many', ...Array.from({ length: 500 }, () => changing(2)), ...Array.from({ length: 50 }, () => failed('no')))
  const { moves: listed, more } = await moves()
  expect([listed.length, more, asked.length, mostAtOnce]).toEqual([200, 350, 201, 16])
})

test('a leader that is late or has lost its link is left out, the others are not', async () => {
  topic('a', changing(2), changing(2), changing(2))
  const told = movesOf(state, clock, async (target) => {
    if (target.kind === 'metadata') return still as unknown as MembersDescription
    if (target.partition === 0) return new Promise(() => {})
    if (target.partition === 1) throw new Error('cut')
    return { term: 3 } as MembersDescription
  })
  await clock.advance(1_000)
  expect((await told).moves.map(({ members }) => members)).toEqual([null, null, { term: 3 }])
})
