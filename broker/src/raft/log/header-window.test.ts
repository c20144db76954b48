import { type EntryHeader, EntryKind } from '@tailrace/schemas'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HeaderWindow } from './header-window.ts'

function entry(index: number, bytes: number): EntryHeader {
  return { index, term: 1, kind: EntryKind.Records, baseOffset: index, lastOffset: index, bytes }
}

test('keeps all uncommitted entries and the newest committed ones, like a filtered list', () => {
  const steps = fc.array(
    fc.record({
      kind: fc.constantFrom('push', 'push', 'push', 'commit', 'truncate', 'trim', 'compact'),
      amount: fc.nat(20),
    }),
    { maxLength: 400 },
  )
  fc.assert(
    fc.property(steps, (script) => {
      const window = new HeaderWindow(5)
      let list: EntryHeader[] = []
      let last = 4
      let committed = 4
      for (const { kind, amount } of script) {
        if (kind === 'push') {
          window.push(entry(++last, amount + 1))
          list.push(entry(last, amount + 1))
        } else if (kind === 'commit') {
          const to = Math.min(last, committed + amount)
          window.commit(committed, to)
          committed = to
        } else if (kind === 'truncate') {
          last = Math.max(committed, last - amount)
          window.truncateFrom(last + 1)
          list = list.filter(({ index }) => index <= last)
        } else if (kind === 'compact') {
          const upTo = Math.max(4, committed - amount)
          window.compact(upTo)
          list = list.filter(({ index }) => index > upTo)
        } else {
          window.trim(committed, amount)
          const kept = () => list.filter(({ index }) => index <= committed).reduce((sum, { bytes }) => sum + bytes, 0)
          while (kept() > amount) list.shift()
        }
        expect(window.nextIndex).toBe(last + 1)
        expect(window.firstIndex).toBe(list[0]?.index ?? last + 1)
        if (list.length > 0) expect(window.tail(list[0]!.index)).toEqual(list)
        const open = list.filter(({ index }) => index > committed).reduce((sum, { bytes }) => sum + bytes, 0)
        expect(window.uncommittedBytes).toBe(open)
        expect(window.get(last)).toEqual(list.at(-1))
      }
    }),
    { numRuns: 200 },
  )
})

test('a slice holds as many entries as fit, and never less than one', () => {
  const window = new HeaderWindow(1)
  for (let index = 1; index <= 4; index++) window.push(entry(index, 100))
  expect(window.slice(2, 10).map(({ index }) => index)).toEqual([2])
  expect(window.slice(2, 200).map(({ index }) => index)).toEqual([2, 3])
  expect(window.sliceBytes).toBe(200)
  expect(window.slice(2, 10_000).map(({ index }) => index)).toEqual([2, 3, 4])
})
