import { expect, test } from 'vitest'
import { tellLostTailStory } from './lost-tail-story.ts'

const SEEDS = [4, 12]

test('lostTailUnheeded: a loss that only the heartbeats of a leader prove costs nothing, and is found where they are not heeded', async () => {
  for (let seed = SEEDS[0]!; seed <= SEEDS[1]!; seed++) {
    const { finding } = await tellLostTailStory(seed, ['lostTailUnheeded'])
    if (finding?.property !== 'leader-completeness') continue
    const heeded = await tellLostTailStory(seed)
    expect(heeded.finding?.message ?? null).toBeNull()
    expect(heeded.lost).toBeGreaterThan(0)
    expect(heeded.acknowledged).toBeGreaterThan(0)
    return
  }
  expect.unreachable(`no seed of ${SEEDS.join(' to ')} violates leader-completeness`)
}, 240_000)
