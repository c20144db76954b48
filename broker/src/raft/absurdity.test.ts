import { EntryKind } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import { absurdityOf, misfitOf, noteAbsurdity } from './absurdity.ts'
import type { AppendMessage } from './messages.ts'
import type { RaftState } from './state.ts'

const entry = (index: number, term: number, baseOffset: number, lastOffset = baseOffset) => {
  return { index, term, kind: EntryKind.Records, baseOffset, lastOffset, bytes: 1 }
}
/** After entry 4 of term 2, from the leader of term 5. */
const after = (...entries: ReturnType<typeof entry>[]) =>
  absurdityOf({ term: 5, prevIndex: 4, prevTerm: 2, entries } as unknown as AppendMessage)

describe('entries of an append', () => {
  it('make sense when they follow on, and their terms rise up to the leader’s', () => {
    for (const entries of [[], [entry(5, 2, 10)], [entry(5, 2, 10, 12), entry(6, 2, 13), entry(7, 5, 14)]]) {
      expect(after(...entries)).toBeNull()
    }
  })

  it.each([
    ['the first has another index', [entry(6, 2, 10)], 'entry 6 follows 4'],
    ['a later one has another index', [entry(5, 2, 10), entry(7, 2, 11)], 'entry 7 follows 5'],
    ['the term falls below the one before', [entry(5, 1, 10)], 'entry 5 of term 1 follows one of term 2'],
    ['the term falls among them', [entry(5, 3, 10), entry(6, 2, 11)], 'entry 6 of term 2 follows one of term 3'],
    ['an offset is left out', [entry(5, 2, 10, 12), entry(6, 2, 14)], 'entry 6 begins at offset 14, after 12'],
    ['an offset is there twice', [entry(5, 2, 10, 12), entry(6, 2, 12)], 'entry 6 begins at offset 12, after 12'],
    ['a term is later than the leader’s', [entry(5, 6, 10)], 'entry 5 of term 6 comes from a leader of term 5'],
  ])('are absurd when %s', (_, entries, text) => {
    expect(after(...entries)).toBe(text)
  })

  it('are absurd with no entry when the one before them is of a later term than the leader’s', () => {
    const message = { term: 5, prevIndex: 4, prevTerm: 6, entries: [] } as unknown as AppendMessage
    expect(absurdityOf(message)).toBe('entry 4 of term 6 comes from a leader of term 5')
  })
})

describe('an entry beside the log', () => {
  const offsets = new Map([[4, 30]])
  const window = { get: (index: number) => (offsets.has(index) ? { baseOffset: offsets.get(index) } : undefined) }
  const state = { log: { lastIndex: 4, nextOffset: 31, termAt: () => 2, window } } as unknown as RaftState

  it('fits at the end or where another one stood, and where this replica cannot tell', () => {
    for (const fitting of [entry(5, 2, 31), entry(4, 3, 30), entry(3, 2, 999)]) {
      expect(misfitOf(state, fitting)).toBeNull()
    }
  })

  it('does not fit with an earlier term, or another offset', () => {
    expect(misfitOf(state, entry(5, 1, 31))).toBe('entry 5 of term 1 follows one of term 2')
    expect(misfitOf(state, entry(5, 2, 30))).toBe('entry 5 begins at offset 30, where 31 belongs')
    expect(misfitOf(state, entry(4, 2, 31))).toBe('entry 4 begins at offset 31, where 30 belongs')
  })
})

it('absurd messages are reported, eight at most until the driver takes the reports', () => {
  const outbox = { hasRare: false, absurdities: [] as string[] }
  for (let at = 0; at < 20; at++) noteAbsurdity({ outbox } as unknown as RaftState, `${at}`)
  expect(outbox).toEqual({ hasRare: true, absurdities: ['0', '1', '2', '3', '4', '5', '6', '7'] })
})
