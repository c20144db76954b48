import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Fence, NO_FENCE } from './fence.ts'

/** The same by a list of all entries, that is searched each time. */
class PlainFence {
  readonly #entries: { index: number; token: number }[] = []
  commit = 0

  appended(index: number, token: number): void {
    this.#entries.push({ index, token })
  }

  truncated(from: number): void {
    while (this.#entries.length > 0 && this.#entries.at(-1)!.index >= from) this.#entries.pop()
  }

  highest(upTo: number): number {
    return Math.max(NO_FENCE, ...this.#entries.filter(({ index }) => index <= upTo).map(({ token }) => token))
  }
}

const step = fc.oneof(
  fc.record({ kind: fc.constant('append' as const), by: fc.integer({ min: -3, max: 3 }) }),
  fc.record({ kind: fc.constant('truncate' as const), by: fc.integer({ min: 0, max: 4 }) }),
  fc.record({ kind: fc.constant('commit' as const), by: fc.integer({ min: 0, max: 4 }) }),
)

test('it is the highest token of the log, and of its committed part, whatever is appended, cut off and committed', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const fence = new Fence()
      const plain = new PlainFence()
      let last = 0
      for (const { kind, by } of steps) {
        if (kind === 'append') {
          last += 1
          const token = Math.max(0, plain.highest(last) + by)
          fence.appended(last, token)
          plain.appended(last, token)
        } else if (kind === 'truncate') {
          last = Math.max(plain.commit, last - by)
          fence.truncated(last + 1)
          plain.truncated(last + 1)
        } else {
          plain.commit = Math.min(last, plain.commit + by)
          fence.committed(plain.commit)
        }
        expect([fence.token, fence.settled]).toEqual([plain.highest(last), plain.highest(plain.commit)])
      }
    }),
  )
})

test('it begins with what a checkpoint knows', () => {
  const fence = new Fence(7)
  fence.appended(10, 9)
  fence.truncated(10)
  expect([fence.token, fence.settled, new Fence().token]).toEqual([7, 7, NO_FENCE])
})
