import { beforeEach, describe, expect, it } from 'vitest'
import type { GroupLog } from '../../log/log-storage.ts'
import { copyMachine } from './copied-state.ts'

const configurations = [
  { index: 2, batch: new Uint8Array([2]) },
  { index: 5, batch: new Uint8Array([5]) },
]
/** Entries 1 to 9 of term 3, of which the log can read those up to 7. */
const log = {
  group: 1,
  prevIndex: 0,
  prevTerm: 0,
  startOffset: 0,
  lastIndex: 9,
  terms: [{ term: 3, index: 1, offset: 0 }],
  configurations,
  readEntries: (index: number) => ({ headers: index > 7 ? [] : [{ index, lastOffset: 10 * index }], payloads: [] }),
} as unknown as GroupLog

let closed = 0
let begun = 0
beforeEach(() => {
  closed = begun = 0
})

/** The state as of an index, in chunks of three, one and four bytes. */
const snapshotsAt = (index: number) => ({
  flush: async () => index,
  restore: async () => {},
  take: async () => ({
    index,
    async *chunks() {
      begun++
      for (const chunk of ['abc', 'd', 'efgh']) yield new TextEncoder().encode(chunk)
    },
    close: async () => void closed++,
  }),
})

describe('the state of a machine, for others to copy', () => {
  it('covers the log up to the entry that it is as of', async () => {
    const { manifest, close } = await copyMachine(log, snapshotsAt(6))
    const ends = { prevIndex: 6, prevTerm: 3, startOffset: 61, lastIndex: 6, lastTerm: 3, endOffset: 61 }
    const description = { ...ends, terms: [], configurations: [configurations[1]] }
    expect(manifest).toEqual({ description, files: [], stateBytes: null })
    expect(closed).toBe(0)
    await close()
    expect(closed).toBe(1)
    const early = await copyMachine(log, snapshotsAt(1))
    expect(early.manifest.description.configurations).toEqual([])
  })

  it('is read in order without beginning anew, and from any place again', async () => {
    const { read } = await copyMachine(log, snapshotsAt(6))
    const at = async (position: number, maxBytes = 9) => new TextDecoder().decode(await read('', position, maxBytes))
    expect([await at(0, 2), await at(2), await at(3), await at(4, 3), await at(7)]).toEqual([
      'ab',
      'c',
      'd',
      'efg',
      'h',
    ])
    expect([await at(5), begun]).toEqual(['fgh', 1])
    expect([await at(8), await at(3), begun]).toEqual(['', 'd', 2])
    // Asked for at the same time, they take turns.
    expect(await Promise.all([at(0), at(4), at(1)])).toEqual(['abc', 'efgh', 'bc'])
  })

  it('is closed when the log does not hold the entry that it is as of', async () => {
    await expect(copyMachine(log, snapshotsAt(8))).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' })
    expect(closed).toBe(1)
  })
})
