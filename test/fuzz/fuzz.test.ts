import { TailraceError } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import { readCases } from './cases.ts'
import { change } from './change.ts'
import { failureOf, fuzz } from './fuzz.ts'
import { FuzzRandom } from './random.ts'
import { type FuzzTarget, refusedAs } from './target.ts'
import { spread, targetTable } from './targets/table.ts'

const INPUTS = 100_000
const LIMIT_MS = 120_000

describe(`${INPUTS} inputs over all parsers`, () => {
  it.each(spread(INPUTS).map(({ target, inputs }) => ({ name: target.name, target, inputs })))(
    '$name: $inputs inputs',
    async ({ target, inputs }) => {
      const failure = await fuzz(target, inputs, 1)
      const input = failure === null ? '' : Buffer.from(failure.input).toString('hex')
      expect(failure?.error, `with the input ${input}`).toBeUndefined()
    },
    LIMIT_MS,
  )
})

describe('an input that failed once', () => {
  it.each(readCases())('$name', async ({ target: name, input }) => {
    const row = targetTable.find(({ target }) => target.name === name)
    expect(row, `no target is called ${name}`).toBeDefined()
    expect(await failureOf(row!.target, input)).toBeNull()
  })
})

describe('the fuzzer itself', () => {
  const breaksAt = (marker: number): FuzzTarget => ({
    name: 'broken',
    samples: [new Uint8Array(40)],
    run: (input) => {
      if (input.includes(marker)) throw new RangeError('broken')
    },
  })

  it('finds what breaks, and makes it small', async () => {
    const failure = await fuzz(breaksAt(77), 10_000, 3)
    expect(failure?.error).toBeInstanceOf(RangeError)
    expect([...failure!.input]).toEqual([77])
  })

  it('makes the same inputs from the same seed, and others from another', () => {
    const row = (seed: number): string[] => {
      const random = new FuzzRandom(seed)
      const sample = Uint8Array.from({ length: 30 }, (_, at) => at)
      return Array.from({ length: 50 }, () => change(sample, random, sample).toString())
    }
    expect(row(5)).toEqual(row(5))
    expect(row(5)).not.toEqual(row(6))
    expect(new Set(row(5)).size).toBeGreaterThan(40)
  })

  it('takes the refusals that a parser documents, and no other error', () => {
    expect(() => refusedAs(new TailraceError('INVALID_BATCH'), ['INVALID_BATCH'])).not.toThrow()
    expect(() => refusedAs(new TailraceError('INTERNAL'), ['INVALID_BATCH'])).toThrow()
    expect(() => refusedAs(new TypeError('x'), ['INVALID_BATCH'])).toThrow(TypeError)
  })

  it('begins with samples that no target fails on', async () => {
    for (const { target } of targetTable) {
      for (const sample of target.samples) expect(await failureOf(target, sample), target.name).toBeNull()
    }
  })
})
