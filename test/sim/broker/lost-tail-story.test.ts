import { expect, test } from 'vitest'
import { tellLostTailStory } from './lost-tail-story.ts'

// Not every loss is proven in time: in the worlds of 4 and 11 the follower that has lost entries leads before.
const SEEDS = [5, 12]

test('lostTailIgnored: a loss that only the heartbeats of a leader prove costs nothing, and is found where they are ignored', async () => {
  for (let seed = SEEDS[0]!; seed <= SEEDS[1]!; seed++) {
    const { finding } = await tellLostTailStory(seed, ['lostTailIgnored'])
    if (finding?.property !== 'leader-completeness') continue
    const regarded = await tellLostTailStory(seed)
    expect(regarded.finding?.message ?? null).toBeNull()
    expect(regarded.lost).toBeGreaterThan(0)
    expect(regarded.acknowledged).toBeGreaterThan(0)
    return
  }
  expect.unreachable(`no seed of ${SEEDS.join(' to ')} violates leader-completeness`)
}, 240_000)
