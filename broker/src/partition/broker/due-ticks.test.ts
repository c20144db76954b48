import { expect, it } from 'vitest'
import { GROUP, TestWorld } from '../testing/test-world.ts'

/** The election timeout at most, and one tick more, in ticks. */
const MOST_TICKS = 11
const TICK_MS = 100

/** Broker 3 gets no message for so many ticks, and its timers are late by almost another one. */
async function late(ticks: number): Promise<TestWorld> {
  const world = await TestWorld.start()
  world.isolate(3)
  await world.run(ticks * TICK_MS)
  world.broker(3).paused = true
  await world.run(TICK_MS - 1)
  return world
}

it('a replica that is asked for a vote begins no election of its own first, though a tick is due', async () => {
  let onceDue = 0
  for (let ticks = 1; ticks <= MOST_TICKS; ticks += 1) {
    const world = await late(ticks)
    const group = world.group(3)
    const before = group.status().role
    const { term } = group
    const envelope = { from: 2, to: 3, term: term + 1, lastIndex: 9, lastTerm: term } as const
    world.broker(3).groups.receive(GROUP, { type: 'vote', pre: true, transfer: false, ...envelope }, [])
    expect(group.status().role).toBe(before)
    world.broker(3).paused = false
    if (group.status().role !== before) onceDue += 1
  }
  // In one of these worlds the tick that was due fires the election timer of broker 3.
  expect(onceDue).toBe(1)
})
