import { expect, it } from 'vitest'
import { ManualClock } from '../../platform/testing/clock.ts'
import { EventStreams } from './event-streams.ts'

class Beaten {
  beats = 0
  stops = 0
  beat(): void {
    this.beats++
  }
  shutDown(): void {
    this.stops++
  }
}

it('gives each stream a heartbeat in 15 seconds, in no second more than its share, and none once it is taken out', async () => {
  const clock = new ManualClock(0)
  const streams = new EventStreams(clock)
  const all = Array.from({ length: 45 }, () => new Beaten())
  const takeOut = all.map((stream) => streams.add(stream))
  const beats = () => all.reduce((sum, stream) => sum + stream.beats, 0)
  for (let second = 1; second <= 15; second++) {
    await clock.advance(1_000)
    expect(beats()).toBe(3 * second)
  }
  expect(new Set(all.map((stream) => stream.beats))).toEqual(new Set([1]))
  takeOut[0]!()
  takeOut[0]!()
  await clock.advance(15_000)
  expect(all[0]!.beats).toBe(1)
  expect(beats()).toBe(45 + 44)
  streams.close()
  expect(all.map((stream) => stream.stops)).toEqual([0, ...Array(44).fill(1)])
  for (const take of takeOut) take()
  await clock.advance(15_000)
  expect(beats()).toBe(45 + 44)
})
