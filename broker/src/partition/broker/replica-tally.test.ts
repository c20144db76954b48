import { expect, test } from 'vitest'
import { TestWorld } from '../testing/test-world.ts'
import { ReplicaTally } from './replica-tally.ts'

const clock = { monotonic: () => 0, soon: (call: () => void) => call() }

test('replicas are counted by what they are at the time of the count', async () => {
  const world = await TestWorld.start()
  const tallies = [1, 2, 3].map((id) => new ReplicaTally(world.broker(id).groups, clock))
  const counts = () =>
    Promise.all(
      tallies.map(async (tally) => {
        await tally.take()
        return tally.counts
      }),
    )
  const follower = {
    replicas: 1,
    leaderships: 0,
    leaderless: 0,
    quarantined: 0,
    stopped: 0,
    underReplicated: 0,
    highestTerm: 1,
  }
  // A follower counts as one that keeps up once it has answered this leader.
  await world.run(300)
  expect(await counts()).toEqual([{ ...follower, leaderships: 1 }, follower, follower])
  world.isolate(3)
  await world.until(() => world.group(3).leader === 0, 20_000)
  const [leader, , alone] = await counts()
  expect([leader!.underReplicated, alone!.leaderless, alone!.leaderships]).toEqual([1, 1, 0])
  world.replica(2).stop('broken')
  expect((await counts())[1]).toMatchObject({ stopped: 1, leaderless: 1, quarantined: 0 })
})

test('a long count lets other work in', async () => {
  const world = await TestWorld.start({ brokers: 1 })
  const group = world.group(1)
  let [now, turns] = [0, 0]
  const slow = {
    // Each group takes half a millisecond; the clock is read after 16 of them.
    monotonic: () => now,
    soon: (call: () => void) => {
      turns += 1
      call()
    },
  }
  const all = function* () {
    for (let i = 0; i < 160; i++) {
      now += 0.5
      yield group
    }
  }
  const { metrics, openCopies, sleeping } = world.broker(1).groups
  const tally = new ReplicaTally({ metrics, openCopies, sleeping, all }, slow)
  await tally.take()
  expect([tally.counts.replicas, turns]).toEqual([160, 10])
})
