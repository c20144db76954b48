import { expect, test } from 'vitest'
import { runTreeSeed } from './run-tree-seed.ts'
import { deaths } from './tree-properties.ts'

test.each([
  ['100 orphans of one source', [10, 990], 'silent', 2],
  ['1,000 brokers on four levels', [10, 40, 150, 800], 'crashed', 1],
] as const)(
  '%s keep every property',
  async (_, levels, death, seed) => {
    const { findings } = await runTreeSeed(seed, { levels, death })
    expect(findings, `npm run sim -- --tree ${levels} --seed ${seed} --death ${death}`).toEqual([])
  },
  600_000,
)

test('20 seeds of a hundred brokers on three levels keep every property', async () => {
  for (let seed = 101; seed <= 120; seed++) {
    const death = deaths[seed % deaths.length]!
    const { findings } = await runTreeSeed(seed, { levels: [5, 25, 70], death })
    expect(findings, `npm run sim -- --tree 5,25,70 --seed ${seed} --death ${death}`).toEqual([])
  }
}, 600_000)
