import type { Position } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import { beforeEach, expect, test } from 'vitest'
import type { BrokerApi, TopicDescription } from '../../api/broker-api.ts'
import type { ConsumerGroupProgress } from '../../api/consumer-groups-api.ts'
import { arrivedPositions } from './carried-positions.ts'
import { resetTargetOf, resolveReset } from './reset-positions.ts'

const [LOG_START, LOG_END] = [10, 100]

let partitions: number
/** Partitions without a leader. */
let leaderless: Set<number>
let [asked, mostAsked] = [0, 0]

beforeEach(() => {
  partitions = 2
  leaderless = new Set()
  mostAsked = 0
})

/** A topic of which the asked broker knows little; the leaders of its partitions know more. */
const api: Pick<BrokerApi, 'describeTopic' | 'findOffset'> = {
  async describeTopic(name): Promise<TopicDescription> {
    const known = { leader: 1, term: 1, replicas: [1], inSync: [1], logStart: 0, highWatermark: 0 }
    const described = Array.from({ length: partitions }, (_, partition) => ({ partition, ...known }))
    return { name, id: 'i', config: {} as TopicDescription['config'], partitions: described }
  },
  async findOffset(_topic, partition, position: Position, { topicId } = {}) {
    mostAsked = Math.max(mostAsked, ++asked)
    await Promise.resolve()
    asked -= 1
    if (leaderless.has(partition) || topicId !== 'i') throw new TailraceError('LEADER_UNAVAILABLE')
    const offset = { LATEST: LOG_END, EARLIEST: LOG_START, TIME: 50, OFFSET: position.value }[position.kind]
    return { offset, logStart: LOG_START, highWatermark: LOG_END }
  },
}
const progress = (partition: number, offset: number): ConsumerGroupProgress => {
  const place = { topic: 't', topicId: 'i', partition }
  return { ...place, member: '', token: 0, offset, term: 1, metadata: '', committedAt: 1, end: -1, lag: -1 }
}
const reset = async (to: string, named: string[] | null = null) => {
  const moves = await resolveReset(api, [progress(0, 40), progress(1, -1)], resetTargetOf(to), named)
  return moves.map(({ partition, from, offset }) => [partition, from, offset])
}
const carried = (partition: number, offset: number) => [{ topic: 't', partition, offset, metadata: '' }]

test.each([
  ['earliest', LOG_START],
  ['latest', LOG_END],
  ['2026-01-31T12:00:00Z', 50],
  ['60', 60],
  ['5', LOG_START],
  ['500', LOG_END],
])('a reset to %s stays between the bounds that the leader tells', async (to, offset) => {
  expect(await reset(to)).toEqual([
    [0, 40, offset],
    [1, -1, offset],
  ])
})

test('a reset by a number of records needs a position', async () => {
  expect([await reset('-10'), await reset('+90'), await reset('-90')]).toEqual([
    [[0, 40, 30]],
    [[0, 40, LOG_END]],
    [[0, 40, LOG_START]],
  ])
})

test('nothing is moved while a partition has no leader', async () => {
  leaderless.add(1)
  for (const to of ['latest', '60']) await expect(reset(to)).rejects.toMatchObject({ code: 'LEADER_UNAVAILABLE' })
  expect(await reset('-10')).toEqual([[0, 40, 30]])
  await expect(arrivedPositions(api, carried(1, 60))).rejects.toMatchObject({ code: 'LEADER_UNAVAILABLE' })
})

test('positions arrive up to the end that the leader tells', async () => {
  expect(await arrivedPositions(api, carried(1, LOG_END))).toMatchObject([{ topicId: 'i', partition: 1, offset: 100 }])
  await expect(arrivedPositions(api, carried(1, LOG_END + 1))).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
  await expect(arrivedPositions(api, carried(2, 0))).rejects.toMatchObject({ code: 'UNKNOWN_PARTITION' })
})

test('of very many partitions some leaders are asked at a time', async () => {
  partitions = 10_000
  expect((await reset('latest', ['t'])).length).toBe(10_000)
  const many = Array.from({ length: 10_000 }, (_, partition) => carried(partition, 20)).flat()
  expect((await arrivedPositions(api, many)).map(({ partition }) => partition)).toEqual(
    many.map((one) => one.partition),
  )
  expect(mostAsked).toBe(100)
})
