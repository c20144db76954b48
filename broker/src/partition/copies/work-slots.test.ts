import { TailraceError } from '@tailrace/schemas'
import { expect, it } from 'vitest'
import { settled } from '../../platform/testing/clock.ts'
import { lateWorld } from '../testing/late-world.ts'
import { outcomeOf } from '../testing/test-world.ts'
import { WorkSlots } from './work-slots.ts'

it('so many run at one time, in order, whatever the outcome of each', async () => {
  const turns = new WorkSlots(2)
  const begun: number[] = []
  const ends: PromiseWithResolvers<void>[] = []
  const works = [0, 1, 2, 3, 4].map((at) => {
    const end = Promise.withResolvers<void>()
    ends.push(end)
    return outcomeOf(
      turns.take(() => {
        begun.push(at)
        return end.promise
      }),
    )
  })
  expect(begun).toEqual([0, 1])
  ends[1]!.reject(new TailraceError('INTERNAL'))
  await settled()
  expect([begun, works[1]!.state]).toEqual([[0, 1, 2], 'failed'])
  ends[0]!.resolve()
  ends[2]!.resolve()
  await settled()
  expect(begun).toEqual([0, 1, 2, 3, 4])
  ends[3]!.resolve()
  ends[4]!.resolve()
  await settled()
  expect(turns.running).toBe(0)
})

it('an installation waits for its turn, and runs then', async () => {
  const world = await lateWorld({ settings: { maxInstallations: 1 } })
  const asked: string[] = []
  world.answers = (name, reply) => {
    asked.push(name)
    return reply
  }
  await world.during(world.broker(3).start())
  const other = Promise.withResolvers<void>()
  void world.broker(3).groups.turns.take(() => other.promise)
  await world.during(world.openGroup(world.broker(3)))
  world.heal()
  await world.until(() => world.group(3).status().installing !== null)
  await world.run(2000)
  expect(asked).not.toContain('CopyOpen')
  expect(world.group(3).leader).toBe(world.leader().id)
  other.resolve()
  await world.until(() => world.broker(3).groups.metrics.snapshotsInstalled === 1)
  await world.until(() => world.group(3).highWatermark === 40)
})
