import { expect, test } from 'vitest'
import { runUntil, scenario } from './scenario.ts'
import { TICK } from './swarm-options.ts'

const KILLS = 1000

test(`M7: five brokers, ${KILLS} dead leaders: p99 of the time to the next is below four election timeouts`, () => {
  const { world, options } = scenario(7, { brokers: 5, readEvery: 50_000, proposeEvery: 50_000 })
  const timeout = options.raft.electionTicks * TICK
  const leader = () => world.brokers.find((broker) => broker.core?.commitIsCurrent === true)
  const times: number[] = []
  while (times.length < KILLS) {
    // A group at rest, so that only the one election is measured.
    runUntil(world, 2 * timeout, () => false)
    const victim = leader()
    if (victim === undefined) throw new Error('no leader in two election timeouts of peace')
    world.stop(victim)
    times.push(runUntil(world, 50 * timeout, () => leader() !== undefined))
    world.start(victim)
  }
  times.sort((a, b) => a - b)
  expect(times[KILLS / 2]).toBeGreaterThan(timeout)
  expect(times[KILLS / 2]).toBeLessThan(2 * timeout)
  expect(times[KILLS * 0.99]).toBeLessThan(4 * timeout)
}, 30_000)
