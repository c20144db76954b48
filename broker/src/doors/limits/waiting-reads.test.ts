import { expect, test } from 'vitest'
import { type WaitingRead, WaitingReads } from './waiting-reads.ts'

test('beyond the limit the client with most waits gets its oldest answered', () => {
  const waits = new WaitingReads(4)
  const ended: string[] = []
  const wait = (name: string): WaitingRead => {
    const read = { client: name[0]!, end: () => ended.push(name) }
    waits.add(read)
    return read
  }
  wait('a1')
  wait('a2')
  const third = wait('a3')
  wait('b1')
  expect(ended).toEqual([])
  wait('b2')
  wait('b3')
  expect(ended).toEqual(['a1', 'b1'])
  waits.remove(third)
  waits.remove(third)
  wait('c1')
  expect(ended).toEqual(['a1', 'b1'])
  wait('c2')
  expect(ended).toEqual(['a1', 'b1', 'b2'])
})
