import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SleepingSet } from './sleeping-set.ts'

test('equal sets have equal figures, whatever changes led to them; others differ', () => {
  const change = fc.record({ add: fc.boolean(), group: fc.nat(20), term: fc.nat(3) })
  fc.assert(
    fc.property(fc.array(change), fc.array(change), (one, two) => {
      const [first, second] = [after(one), after(two)]
      const same = first.text === second.text
      expect(first.set.size === second.set.size && first.set.digest === second.set.digest).toBe(same)
    }),
    { numRuns: 2_000 },
  )
})

function after(changes: readonly { add: boolean; group: number; term: number }[]): { set: SleepingSet; text: string } {
  const set = new SleepingSet()
  const model = new Map<number, number>()
  for (const { add, group, term } of changes) {
    if (add) {
      set.add(group, term)
      model.set(group, term)
    } else {
      set.remove(group)
      model.delete(group)
    }
  }
  return { set, text: JSON.stringify([...model].sort(([a], [b]) => a - b)) }
}
