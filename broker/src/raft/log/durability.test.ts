import { expect, test } from 'vitest'
import type { AppendMessage } from '../messages.ts'
import { logOf, TestNode, testOptions } from '../testing/test-cluster.ts'
import { Durability } from './durability.ts'

test('a truncation lowers the durable index and the index that pending writes can still make durable', () => {
  const durability = new Durability(4, 1, 0, false)
  durability.issued(1, 10, 1, 0)
  durability.truncatedFrom(6)
  durability.issued(2, 7, 2, 3)
  durability.persisted(1, 7)
  expect([durability.lastIndex, durability.term, durability.votedFor]).toEqual([5, 1, 0])
  durability.truncatedFrom(3)
  expect(durability.lastIndex).toBe(2)
  durability.persisted(2, 2)
  expect([durability.lastIndex, durability.term, durability.votedFor]).toEqual([2, 2, 3])
})

test('one report covers all writes up to its number', () => {
  const durability = new Durability(0, 0, 0, false)
  for (const number of [2, 3, 5]) durability.issued(number, number * 10, 1, 0)
  durability.persisted(4, 50)
  expect(durability.lastIndex).toBe(30)
})

/**
 * etcd's async_storage_writes_append_aba_race: entry 1 of term 1 is being written; a leader of term 2 replaces it; a
 * leader of term 3 puts the entry of term 1 back. When the first write completes, the log again says (1, term 1), but
 * the disk is about to hold the entry of term 2.
 */
function abaRace(defects = {}): { durableAfter: number[]; acknowledged: number[][] } {
  const node = new TestNode(testOptions(1, [1, 2, 3]), [], undefined, defects)
  node.autoSync = false
  const append = (term: number, from: number, terms: number[]): AppendMessage => {
    return { type: 'append', from, to: 1, term, prevIndex: 0, prevTerm: 0, entries: logOf(terms), commit: 0 }
  }
  node.step(append(1, 2, [1, 1]))
  node.step(append(2, 3, [2]))
  node.step(append(3, 2, [1, 1]))
  const durableAfter: number[] = []
  const acknowledged: number[][] = []
  for (let write = 1; write <= 3; write++) {
    node.sync(1)
    durableAfter.push(node.core.durableIndex)
    acknowledged.push(
      node.take().flatMap((reply) => (reply.type === 'append-reply' ? [reply.term, reply.matchIndex] : [])),
    )
  }
  return { durableAfter, acknowledged }
}

test('ABA race: a late write never makes a replaced entry durable, and each acknowledgement belongs to its term', () => {
  expect(abaRace()).toEqual({
    durableAfter: [0, 0, 2],
    acknowledged: [
      [1, 2],
      [2, 1],
      [3, 2],
    ],
  })
})

test('control: counting late writes calls entries durable that the disk does not hold', () => {
  expect(abaRace({ lateWriteCounts: true }).durableAfter[0]).toBe(2)
})

test('a heartbeat of a term that is durable is answered at once, whatever the disk has still to write', () => {
  const node = new TestNode(testOptions(1, [1, 2, 3]), [])
  const sender = { from: 2, to: 1, term: 1 }
  const place = { prevIndex: 0, prevTerm: 0, commit: 0 }
  node.step({ type: 'append', ...sender, ...place, entries: logOf([1]) })
  node.autoSync = false
  node.step({ type: 'append', ...sender, prevIndex: 1, prevTerm: 1, commit: 0, entries: logOf([1, 1]).slice(1) })
  node.take()
  node.step({ type: 'heartbeat', ...sender, commit: 0, sentAt: 7 })
  expect(node.take()).toMatchObject([{ type: 'heartbeat-reply', sentAt: 7, lastIndex: 1 }])
  // A higher term has to be on the disk first: a restart without it would vote in it again.
  node.step({ type: 'heartbeat', ...sender, term: 2, commit: 0, sentAt: 8 })
  expect(node.take()).toEqual([])
  node.sync()
  expect(node.take()).toContainEqual(expect.objectContaining({ type: 'heartbeat-reply', term: 2, sentAt: 8 }))
})
