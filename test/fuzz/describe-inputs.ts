import { describe, expect, it } from 'vitest'
import { fuzz } from './fuzz.ts'
import { spread } from './targets/table.ts'

const LIMIT_MS = 120_000

/** Tests that give so many inputs to all parsers, made from one seed. */
export function describeInputs(inputs: number, seed: number): void {
  describe(`${inputs} inputs over all parsers`, () => {
    it.each(spread(inputs).map((row) => ({ name: row.target.name, ...row })))(
      '$name: $inputs inputs',
      async ({ target, inputs: share }) => {
        const { failure } = await fuzz(target, share, seed)
        const input = failure === null ? '' : Buffer.from(failure.input).toString('hex')
        expect(failure?.error, `with the input ${input}`).toBeUndefined()
      },
      LIMIT_MS,
    )
  })
}
