import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Progress } from './progress.ts'

it('moves over what is done without a gap, and no further', () => {
  const progress = new Progress(5, 2)
  const [first, second, third] = [6, 8, 9].map((next) => progress.begin(next, 3))
  expect([progress.position, progress.term]).toEqual([5, 2])
  progress.finish(second!)
  progress.finish(third!)
  expect([progress.position, progress.open]).toEqual([5, 3])
  progress.finish(first!)
  expect([progress.position, progress.term, progress.open]).toEqual([9, 3, 0])
})

it('stands, in any order, before the first record that is not done', () => {
  const gaps = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 60 })
  fc.assert(
    fc.property(gaps, fc.array(fc.nat(), { maxLength: 120 }), fc.nat(40), (lengths, picks, start) => {
      const progress = new Progress(start, 1)
      const open: { step: ReturnType<Progress['begin']>; first: number; next: number }[] = []
      const all: { first: number; next: number; done: boolean }[] = []
      let offset = start
      // A pick of an even number hands out the next record, any other finishes one of those that are open.
      const left = [...lengths]
      for (const pick of picks) {
        const length = pick % 2 === 0 ? left.shift() : undefined
        if (length !== undefined) {
          const known = { first: offset, next: offset + length, done: false }
          all.push(known)
          open.push({ step: progress.begin(known.next, 1), ...known })
          offset += length
        } else if (open.length > 0) {
          const [finished] = open.splice(pick % open.length, 1)
          progress.finish(finished!.step)
          all.find(({ first }) => first === finished!.first)!.done = true
        }
        const undone = all.find(({ done }) => !done)
        expect(progress.position).toBe(undone?.first ?? offset)
      }
    }),
  )
})
