import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { partitionFigures, partitionSeries } from '../../partition/broker/partition-series.ts'
import { batchOf } from '../../partition/testing/batches.ts'
import { GROUP, TestWorld } from '../../partition/testing/test-world.ts'
import { nodeClock } from '../../platform/node/clock.ts'
import { register } from './metrics-registry.ts'
import { PartitionPage, partitionPageMetrics, type SeriesSettings } from './partition-page.ts'

const given: SeriesSettings = { metricsPerPartition: true, metricsMaxPartitions: 1 }

function pageOf(world: TestWorld, id: number, settings = given) {
  const { groups } = world.broker(id)
  const nameOf = (group: number) => (group === GROUP ? { topic: 't', partition: 4 } : undefined)
  const figures = () => partitionFigures(groups, nameOf)
  return new PartitionPage(settings, nodeClock, partitionSeries, { count: () => groups.size, figures })
}

/** The series of a page, with what stands behind `tailrace_partition_`. */
async function seriesOf(page: PartitionPage<never>): Promise<Record<string, number>> {
  let text = ''
  for await (const piece of page.text()) text += piece
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, labels, figure] = /^tailrace_partition_(\w+)\{topic="t",partition="4",?(.*)\} (\S+)$/.exec(line)!
      return [labels === '' ? name! : `${name} ${labels}`, Number(figure)]
    }),
  )
}

test('the series of a partition follow its leader, its followers, and the records in it', async () => {
  const world = await TestWorld.start()
  const published = world.group(1).publish(batchOf(['a', 'b', 'c']))
  await world.run(20)
  await published
  // Followers hear of the commit with the next beat.
  await world.run(200)
  const led = await seriesOf(pageOf(world, 1) as never)
  const size = world.group(1).status().sizeBytes
  expect(led).toEqual({
    high_watermark: 3,
    log_start: 0,
    size_bytes: size,
    leader: 1,
    term: 1,
    under_replicated: 0,
    'follower_lag_entries follower="2"': 0,
    'follower_lag_entries follower="3"': 0,
    'follower_inflight_appends follower="2"': 0,
    'follower_inflight_appends follower="3"': 0,
    'follower_state follower="2",state="replicate"': 1,
    'follower_state follower="3",state="replicate"': 1,
  })
  expect(await seriesOf(pageOf(world, 2) as never)).toEqual({
    high_watermark: 3,
    log_start: 0,
    size_bytes: size,
    leader: 0,
    term: 1,
  })
  world.isolate(3)
  for (let i = 0; i < 4; i++) {
    const more = world.group(1).publish(batchOf(['d', 'e']))
    await world.run(10)
    await more
  }
  await world.run(2_000)
  expect(await seriesOf(pageOf(world, 1) as never)).toMatchObject({
    high_watermark: 11,
    under_replicated: 1,
    'follower_lag_entries follower="2"': 0,
    'follower_lag_entries follower="3"': 4,
  })
})

test('the window of a follower is as full as there are messages with entries that it has not answered', async () => {
  const world = await TestWorld.start()
  const publish = (value: string) => world.during(world.group(1).publish(batchOf([value])))
  await publish('a')
  await world.run(200)
  world.passes = ({ from, type }) => from !== 3 || type !== 'append-reply'
  for (const value of ['b', 'c', 'd']) await publish(value)
  const series = async () => (await seriesOf(pageOf(world, 1) as never)) as Record<string, number>
  const inFlight = (to: number) => `follower_inflight_appends follower="${to}"`
  expect(await series()).toMatchObject({ [inFlight(2)]: 0, [inFlight(3)]: 3 })
  world.heal()
  await publish('e')
  await world.run(500)
  expect(await series()).toMatchObject({ [inFlight(2)]: 0, [inFlight(3)]: 0 })
})

test('series of partitions are left out by a setting, or where there are too many, and one gauge says so', async () => {
  const world = await TestWorld.start({ brokers: 1 })
  const shown = async (settings: SeriesSettings) => {
    const page = pageOf(world, 1, settings)
    const registry = new Registry()
    register(registry, partitionPageMetrics, page)
    const [, gauge] = /^tailrace_partition_series_shown (\S+)$/m.exec(await registry.metrics())!
    return [Number(gauge), Object.keys(await seriesOf(page as never)).length]
  }
  expect(await shown(given)).toEqual([1, 6])
  expect(await shown({ ...given, metricsPerPartition: false })).toEqual([0, 0])
  expect(await shown({ ...given, metricsMaxPartitions: 0 })).toEqual([0, 0])
})
