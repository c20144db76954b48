import { expect, test } from 'vitest'
import { tellLostTailStory } from './lost-tail-story.ts'

const SEEDS = [4, 12]

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
