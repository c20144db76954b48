import { expect, test } from 'vitest'
import { batchOf } from '../../testing/batches.ts'
import { TestWorld } from '../../testing/test-world.ts'
import type { ReadStages } from './read-stages.ts'

/** The stages that are observed from now on, in this order, with their milliseconds. */
function observed(stages: ReadStages): string[] {
  const told: string[] = []
  const observe = (stage: string) => (seconds: number) => void told.push(`${stage} ${Math.round(seconds * 1000)}`)
  stages.observe = { confirm: observe('confirm'), log: observe('log'), answer: observe('answer') }
  return told
}

test('one read in 16 is followed through all stages, if it finds records', async () => {
  const world = await TestWorld.start()
  await world.during(world.group(1).publish(batchOf(['a'])))
  const told = observed(world.broker(1).groups.readStages)
  const read = async (offset: number): Promise<void> => {
    await world.during(world.group(1).fetch({ offset, maxBytes: 1000, waitMs: 0 }))
    await world.run(0)
  }
  await read(0)
  expect(told).toEqual(['confirm 0', 'log 0', 'answer 0'])
  for (let i = 0; i < 15; i++) await read(0)
  expect(told.length).toBe(3)
  await read(1)
  for (let i = 0; i < 15; i++) await read(0)
  expect(told.length).toBe(3)
  await read(0)
  expect(told.length).toBe(6)
})

test('the time for which a reader waits for records is in no stage; that until the leader may answer is in one', async () => {
  const world = await TestWorld.start()
  const told = observed(world.broker(1).groups.readStages)
  const waiting = world.group(1).fetch({ offset: 0, maxBytes: 1000, waitMs: 5000 })
  await world.run(700)
  await world.during(world.group(1).publish(batchOf(['a'])))
  await world.during(waiting)
  await world.run(0)
  expect(told).toEqual(['confirm 0', 'log 0', 'answer 0'])
  told.length = 0
  for (let i = 0; i < 15; i++) await world.during(world.group(1).fetch({ offset: 0, maxBytes: 1000, waitMs: 0 }))
  world.passes = ({ type }) => type !== 'heartbeat-reply' && type !== 'append-reply'
  await world.run(450)
  const asked = world.group(1).fetch({ offset: 0, maxBytes: 1000, waitMs: 0, linearizable: true })
  await world.run(30)
  world.heal()
  await world.during(asked)
  await world.run(0)
  expect(told.map((text) => text.split(' ')[0])).toEqual(['confirm', 'log', 'answer'])
  expect(Number(told[0]!.split(' ')[1])).toBeGreaterThanOrEqual(30)
})
