import { describe, expect, it } from 'vitest'
import type { RaftMessage } from '../../raft/messages.ts'
import { DurabilityQueue } from './durability-queue.ts'

function reply(to: number): RaftMessage {
  return { type: 'vote-reply', from: 1, to, term: 1, pre: false, granted: true }
}

describe('messages that promise durability', () => {
  it('leave at once when nothing is being written', () => {
    expect(new DurabilityQueue().add(1, false, [reply(2)])).toBe(true)
  })

  it('wait for their own write', () => {
    const queue = new DurabilityQueue()
    expect(queue.add(1, true, [reply(2)])).toBe(false)
    const left: RaftMessage[] = []
    expect(queue.durable(1, (messages) => left.push(...messages))).toBe(1)
    expect(left.map((message) => message.to)).toEqual([2])
  })

  it('wait for an earlier write even when they have none themselves, and leave in order', () => {
    const queue = new DurabilityQueue()
    queue.add(1, true, [reply(2)])
    expect(queue.add(2, false, [reply(3)])).toBe(false)
    queue.add(3, true, [reply(4)])
    const left: number[] = []
    expect(queue.durable(1, (messages) => left.push(...messages.map((message) => message.to)))).toBe(2)
    expect(left).toEqual([2, 3])
    expect(queue.durable(3, (messages) => left.push(...messages.map((message) => message.to)))).toBe(3)
    expect(left).toEqual([2, 3, 4])
    expect(queue.add(4, false, [reply(5)])).toBe(true)
  })
})
