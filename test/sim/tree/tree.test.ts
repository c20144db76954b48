import { describe, expect, test } from 'vitest'
import { runTreeSeed, type TreeOptions } from './run-tree-seed.ts'
import type { TreeDefectName } from './tree-defects.ts'
import type { TreeProperty } from './tree-properties.ts'

/** Trees of more brokers are in more-trees.test.ts. */
const LEVELS = [6, 18, 54, 162]
const SMALL = [4, 12, 36]
const WIDE = [4, 100]

test('240 cascade brokers on four levels keep every property when a source of level 1 crashes', async () => {
  const outcome = await runTreeSeed(1, { levels: LEVELS })
  expect(outcome.findings, `npm run sim -- --tree ${LEVELS} --seed 1`).toEqual([])
  expect(outcome.aftermath.orphans).toBeGreaterThan(2)
}, 300_000)

test('brokers that lose their source together find others, and cause no storm', async () => {
  const outcome = await runTreeSeed(1, { levels: WIDE, death: 'silent' })
  expect(outcome.findings, `npm run sim -- --tree ${WIDE} --seed 1 --death silent`).toEqual([])
  expect(outcome.aftermath.orphans).toBe(25)
}, 300_000)

test('small trees keep every property on every seed, and one seed is one story', async () => {
  const digests = new Set<number>()
  for (let seed = 1; seed <= 3; seed++) {
    const options = { levels: SMALL, death: seed % 2 === 0 ? 'silent' : 'crashed' } as const
    const outcome = await runTreeSeed(seed, options)
    expect(outcome.findings, `seed ${seed}`).toEqual([])
    if (seed === 1) expect(await runTreeSeed(seed, options)).toEqual(outcome)
    digests.add(outcome.digest)
  }
  expect(digests.size).toBe(3)
}, 120_000)

test('bytes at level 0 grow with level 1, and hardly with what is below it', async () => {
  const bytesOf = async (levels: readonly number[]) => {
    // Those between brokers of level 0 depend on which of level 1 copy from the leader.
    const { up, down } = (await runTreeSeed(1, { levels })).traffic
    return up.bytes + down.bytes
  }
  const [small, deep, wide] = [await bytesOf([4, 80]), await bytesOf([4, 16, 160]), await bytesOf([12, 240])]
  expect(deep).toBeLessThan(small * 1.1)
  expect(wide).toBeGreaterThan(small * 2.5)
}, 120_000)

describe('a mechanism that is broken on purpose is noticed', () => {
  const controls: [TreeDefectName, TreeOptions, TreeProperty][] = [
    ['restlessLeader', { levels: SMALL }, 'assignment-converges'],
    ['oneForAll', { levels: SMALL }, 'even-load'],
    ['beatsNotGathered', { levels: SMALL }, 'level-zero-messages'],
    ['newcomersAlone', { levels: [4, 12, 120], death: 'silent' }, 'no-storm'],
    ['everythingTold', { levels: [3, 9, 90] }, 'level-zero-bytes'],
    ['oneName', { levels: [6, 120] }, 'no-storm'],
    ['slowClocks', { levels: SMALL, death: 'silent' }, 'children-move'],
  ]
  test.each(controls)(
    '%s',
    async (defect, options, property) => {
      const broken = await runTreeSeed(1, { ...options, defects: [defect] })
      expect(broken.findings.map((finding) => finding.property)).toContain(property)
      const sound = await runTreeSeed(1, options)
      expect(sound.findings).toEqual([])
    },
    120_000,
  )
})
