import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { PublishStages, publishStageMetrics } from '../../partition/replica/publish/publish-stages.ts'
import { ReadStages, readStageMetrics } from '../../partition/replica/read/read-stages.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { register } from './metrics-registry.ts'
import { stagesIn } from './stage-counts.ts'

test('each stage has a count for each bound, and at the end how many there were', async () => {
  const [registry, clock] = [new Registry(), new ManualClock(0)]
  const [publish, read] = [new PublishStages(clock), new ReadStages(clock)]
  register(registry, publishStageMetrics, publish)
  register(registry, readStageMetrics, read)
  for (const seconds of [0.0001, 0.003, 60]) publish.observe!.fsync(seconds)
  const { bounds, stages } = await stagesIn(registry)
  expect(stages.map(({ of, stage }) => `${of} ${stage}`)).toEqual([
    'publish receive',
    'publish append',
    'publish fsync',
    'publish replicate',
    'publish commit',
    'publish answer',
    'read confirm',
    'read log',
    'read answer',
  ])
  const counts = bounds.map((bound) => (bound < 0.0001 ? 0 : bound < 0.003 ? 1 : 2))
  expect(stages[2]!.counts).toEqual([...counts, 3])
  expect(new Set(stages[6]!.counts)).toEqual(new Set([0]))
})

test('where nothing is measured there are none', async () => {
  expect((await stagesIn(new Registry())).stages).toEqual([])
})
