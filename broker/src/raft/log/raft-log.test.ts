import fc from 'fast-check'
import { expect, test } from 'vitest'
import { noDefects } from '../defects.ts'
import { logOf, startFrom, testOptions } from '../testing/test-cluster.ts'
import { RaftLog } from './raft-log.ts'

/** A log of the terms on disk, whose headers are known, and the entries that a driver has written of it. */
function logOnDisk(terms: readonly number[]): { log: RaftLog; disk: number[] } {
  const log = new RaftLog(startFrom([]), testOptions(1, [1]), noDefects)
  for (const header of logOf(terms)) log.append(header)
  log.takeWrite()
  return { log, disk: [...terms] }
}

function write(log: RaftLog, disk: number[]): void {
  const { truncateFrom, append } = log.takeWrite()
  if (truncateFrom !== null) {
    expect(truncateFrom).toBeLessThanOrEqual(disk.length)
    disk.length = truncateFrom - 1
  }
  for (const { index, term } of append) expect(disk.push(term)).toBe(index)
}

test('appends and cuts between two writes are written in one: the lowest cut, and the entries that then follow', () => {
  const step = fc.record({ act: fc.constantFrom('append', 'cut', 'write'), back: fc.integer({ min: 1, max: 5 }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { log, disk } = logOnDisk([1, 1, 1, 1, 1, 1])
      const wanted = [...disk]
      for (const [at, { act, back }] of steps.entries()) {
        if (act === 'append') {
          wanted.push(at + 2)
          log.append(logOf(wanted).at(-1)!)
        } else if (act === 'cut' && back <= wanted.length) {
          wanted.length -= back
          log.truncateFrom(wanted.length + 1)
        } else if (act === 'write') {
          write(log, disk)
          expect([disk, log.hasWrite]).toEqual([wanted, false])
        }
      }
      write(log, disk)
      expect(disk).toEqual(wanted)
    }),
  )
})

test('two cuts before a write become the lower one, and a cut of unwritten entries is none', () => {
  const { log } = logOnDisk([1, 1, 1, 1])
  log.truncateFrom(4)
  log.truncateFrom(2)
  expect(log.takeWrite()).toEqual({ truncateFrom: 2, append: [] })
  log.append(logOf([1, 2])[1]!)
  expect(log.hasWrite).toBe(true)
  log.truncateFrom(2)
  expect(log.hasWrite).toBe(false)
  expect(log.takeWrite()).toEqual({ truncateFrom: null, append: [] })
})
