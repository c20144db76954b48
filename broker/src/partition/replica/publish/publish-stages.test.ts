import { expect, test } from 'vitest'
import { batchOf } from '../../testing/batches.ts'
import { TestWorld } from '../../testing/test-world.ts'
import type { PublishStages } from './publish-stages.ts'

/** The stages that are observed from now on, in this order. */
function observed(stages: PublishStages): string[] {
  const told: string[] = []
  const observe = (stage: string) => (seconds: number) => void told.push(`${stage} ${seconds}`)
  stages.observe = {
    receive: observe('receive'),
    append: observe('append'),
    fsync: observe('fsync'),
    replicate: observe('replicate'),
    commit: observe('commit'),
    answer: observe('answer'),
  }
  return told
}

test('one batch in 16 is followed through all stages, in the order in which they are passed', async () => {
  const world = await TestWorld.start()
  const { stages } = world.broker(1).groups
  const publish = async (): Promise<void> => {
    const published = world.group(1).publish(batchOf(['a']))
    await world.run(0)
    await published
  }
  await publish()
  const told = observed(stages)
  await publish()
  expect(told).toEqual(['receive 0', 'append 0', 'fsync 0', 'replicate 0', 'commit 0', 'answer 0'])
  for (let i = 0; i < 15; i++) await publish()
  expect(told.length).toBe(6)
  await publish()
  expect(told.length).toBe(12)
})

test('a commit and the replication last until a majority answers; a batch whose leader is deposed is followed no further', async () => {
  const world = await TestWorld.start()
  const told = observed(world.broker(1).groups.stages)
  world.passes = ({ type }) => type !== 'append-reply'
  const published = world.group(1).publish(batchOf(['a']))
  await world.run(120)
  world.heal()
  await world.during(published)
  await world.run(0)
  expect(told.slice(0, 3)).toEqual(['receive 0', 'append 0', 'fsync 0'])
  for (const [at, name] of ['replicate', 'commit'].entries()) {
    const [stage, seconds] = told[3 + at]!.split(' ')
    expect([stage, Number(seconds) >= 0.12]).toEqual([name, true])
  }
  expect(told[5]).toBe('answer 0')

  for (let i = 0; i < 15; i++) {
    const next = world.group(1).publish(batchOf(['b']))
    await world.during(next)
  }
  told.length = 0
  world.isolate(1)
  const lost = world
    .group(1)
    .publish(batchOf(['c']))
    .catch(({ code }) => code)
  await world.until(() => !world.group(1).isLeader, 20_000)
  expect(await lost).toBe('OUTCOME_UNKNOWN')
  expect(told.map((text) => text.split(' ')[0])).toEqual(['receive', 'append', 'fsync'])
})

test('followers may be a majority with the leader before its disk is done, and commit without it', async () => {
  const world = await TestWorld.start()
  const told = observed(world.broker(1).groups.stages)
  world.broker(1).holdDisk()
  const published = world.group(1).publish(batchOf(['a']))
  world.passes = ({ from }) => from !== 3
  await world.run(50)
  const names = () => told.map((text) => text.split(' ')[0])
  expect(names()).toEqual(['receive', 'append', 'replicate'])
  world.heal()
  await world.during(published)
  await world.run(0)
  expect(names()).toEqual(['receive', 'append', 'replicate', 'commit', 'answer'])
  world.broker(1).releaseDisk()
  await world.until(() => names().includes('fsync'))
})

test('a group of one has nothing to replicate', async () => {
  const world = await TestWorld.start({ brokers: 1 })
  const told = observed(world.broker(1).groups.stages)
  await world.during(world.group(1).publish(batchOf(['a'])))
  await world.run(0)
  expect(told.map((text) => text.split(' ')[0])).toEqual(['receive', 'append', 'fsync', 'commit', 'answer'])
})
