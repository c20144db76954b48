import { afterEach, beforeEach, expect, test } from 'vitest'
import { type BatchTrace, tracePoints } from '../../../platform/trace-points.ts'
import { batchOf } from '../../testing/batches.ts'
import { TestWorld } from '../../testing/test-world.ts'

let told: string[] = []
const onAppend = (trace: BatchTrace) => void told.push(textOf('append', trace))
const onCommit = (trace: BatchTrace) => void told.push(textOf('commit', trace))
const textOf = (point: string, { topic, partition, batches, durationMs }: BatchTrace) =>
  `${point} ${topic}/${partition} of ${batches.length} after ${durationMs < 100 ? 'no time' : 'a while'}`

beforeEach(() => {
  told = []
  tracePoints.append.subscribe(onAppend)
  tracePoints.commit.subscribe(onCommit)
})
afterEach(() => {
  tracePoints.append.unsubscribe(onAppend)
  tracePoints.commit.unsubscribe(onCommit)
})

const worldOf = (place: { topic: string; partition: number } | null) =>
  TestWorld.start(place === null ? {} : { spec: () => ({ place }) })

test('each batch is told when the leader has it on disk, and when a majority has', async () => {
  const world = await worldOf({ topic: 'flights', partition: 2 })
  for (const value of ['a', 'b']) {
    const published = world.group(1).publish(batchOf([value]))
    await world.run(0)
    await published
  }
  const both = ['append flights/2 of 1 after no time', 'commit flights/2 of 1 after no time']
  expect(told).toEqual([...both, ...both])
})

test('a commit that takes long is told so; a batch whose leader is deposed is not told as committed', async () => {
  const world = await worldOf({ topic: 'flights', partition: 2 })
  world.passes = ({ type }) => type !== 'append-reply'
  const published = world.group(1).publish(batchOf(['a']))
  await world.run(120)
  world.heal()
  await world.during(published)
  expect(told).toEqual(['append flights/2 of 1 after no time', 'commit flights/2 of 1 after a while'])
  told = []
  world.isolate(1)
  world
    .group(1)
    .publish(batchOf(['b']))
    .catch(() => {})
  await world.until(() => !world.group(1).isLeader, 20_000)
  world.heal()
  await world.run(3_000)
  expect(told).toEqual(['append flights/2 of 1 after no time'])
})

test('batches of the metadata are not told', async () => {
  const world = await worldOf(null)
  const published = world.group(1).publish(batchOf(['a']))
  await world.run(0)
  await published
  expect(told).toEqual([])
})

test('nobody is told who has left', async () => {
  const world = await worldOf({ topic: 'flights', partition: 2 })
  tracePoints.append.unsubscribe(onAppend)
  tracePoints.commit.unsubscribe(onCommit)
  const published = world.group(1).publish(batchOf(['a']))
  await world.run(0)
  await published
  expect(told).toEqual([])
})
