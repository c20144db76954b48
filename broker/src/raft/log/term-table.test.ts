import type { TermStart } from '@tailrace/schemas'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TermTable } from './term-table.ts'

/** The simple second implementation: one term per position, found by walking. */
function lastAtMost(terms: readonly number[], prevIndex: number, term: number, from: number): number {
  let index = from
  while (index > prevIndex && terms[index - prevIndex]! > term) index--
  return index
}

const logs = fc.record({
  prevIndex: fc.nat(5),
  // Slot 0 is the position before the first entry.
  terms: fc.array(fc.nat(3), { minLength: 1, maxLength: 30 }).map((steps) => {
    let term = 0
    return steps.map((step) => (term += step > 1 ? step - 1 : 0))
  }),
})

function tableOf(prevIndex: number, terms: readonly number[]): TermTable {
  const starts: TermStart[] = []
  for (let i = 1; i < terms.length; i++) {
    const isStart = i === 1 || terms[i] !== terms[i - 1]
    if (isStart) starts.push({ term: terms[i]!, index: prevIndex + i, offset: i })
  }
  return new TermTable(prevIndex, terms[0]!, starts)
}

test('answers like a list of one term per position, also after compactions, truncations and appends', () => {
  fc.assert(
    fc.property(logs, fc.nat(30), fc.array(fc.nat(2), { maxLength: 5 }), fc.nat(30), (held, cut, added, compacted) => {
      const table = tableOf(held.prevIndex, held.terms)
      const gone = compacted % held.terms.length
      const log = { prevIndex: held.prevIndex + gone, terms: held.terms.slice(gone) }
      if (gone > 0) table.compact(log.prevIndex, log.terms[0]!)
      const terms = log.terms.slice()
      const keep = 1 + (cut % terms.length)
      table.truncateFrom(log.prevIndex + keep)
      terms.length = keep
      for (const step of added) {
        const term = Math.max(terms.at(-1)! + step, 1)
        table.append(term, log.prevIndex + terms.length, 0)
        terms.push(term)
      }
      expect(table.lastTerm).toBe(terms.at(-1))
      for (let i = 0; i < terms.length; i++) {
        expect(table.termAt(log.prevIndex + i)).toBe(terms[i])
        for (let term = 0; term <= terms.at(-1)! + 1; term++) {
          const found = table.lastIndexOfTermAtMost(term, log.prevIndex + i)
          expect(found).toBe(lastAtMost(terms, log.prevIndex, term, log.prevIndex + i))
        }
      }
    }),
    { numRuns: 500 },
  )
})
