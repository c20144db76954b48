import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../platform/testing/random.ts'
import type { RaftMessage } from '../../raft/messages.ts'
import { TestNode, testOptions } from '../../raft/testing/test-cluster.ts'
import type { Replica } from '../replica/replica.ts'
import { ElectionSlots } from './election-slots.ts'

const VOTERS = [1, 2, 3]
const REACH = { isReachable: (_: number) => true, isLinked: (_: number) => true }

interface Held {
  readonly id: number
  readonly driver: { readonly core: { role: string; readonly configuration: { readonly voters: readonly number[] } } }
}

function held(id: number, role = 'follower', voters = VOTERS): Held {
  return { id, driver: { core: { role, configuration: { voters } } } }
}

const replica = (of: Held): Replica => of as unknown as Replica

function slotsWith(candidates: readonly Held[], reach = REACH): ElectionSlots {
  const slots = new ElectionSlots(1, reach)
  slots.count(candidates.map(replica))
  return slots
}

const candidates = (count: number, voters = VOTERS): Held[] =>
  Array.from({ length: count }, (_, id) => held(id, id % 2 === 0 ? 'candidate' : 'pre-candidate', voters))

// Broker 1 is first in the groups 0, 3, 6, ... of three voters.
const FIRST = 3_000
const NOT_FIRST = 3_001

describe('the elections of a broker at one time', () => {
  it('are 64 in any groups, and 256 in groups in which it is first', () => {
    const taken = (id: number, count: number): number => {
      const slots = slotsWith(candidates(count))
      let begun = 0
      while (slots.take(replica(held(id)))) begun += 1
      return begun
    }
    expect([taken(NOT_FIRST, 0), taken(FIRST, 0)]).toEqual([64, 256])
    expect([taken(NOT_FIRST, 63), taken(NOT_FIRST, 64)]).toEqual([1, 0])
    expect([taken(FIRST, 255), taken(FIRST, 256)]).toEqual([1, 0])
  })

  it('are counted anew before each tick', () => {
    const slots = slotsWith(candidates(256))
    slots.count([replica(held(1, 'leader')), replica(held(2))])
    expect(slots.take(replica(held(NOT_FIRST)))).toBe(true)
  })

  it('do not count, and are not put off, where no majority is connected', () => {
    const lonely = [1, 8, 9]
    const reach = { isReachable: () => true, isLinked: (peer: number) => peer < 8 }
    expect(slotsWith(candidates(256, lonely), reach).take(replica(held(FIRST)))).toBe(true)
    expect(slotsWith(candidates(256), reach).take(replica(held(FIRST, 'follower', lonely)))).toBe(true)
  })

  it('count where brokers are silent but connected: perhaps these have too many elections', () => {
    const reach = { isReachable: () => false, isLinked: () => true }
    expect(slotsWith(candidates(256), reach).take(replica(held(FIRST)))).toBe(false)
  })
})

/**
 * Groups of three brokers that have lost their leaders at once. Each broker handles so many messages in a tick, in the
 * order in which they came. Returns the groups that have a leader after so many ticks.
 */
function elected(groups: number, messagesPerTick: number, ticks: number, isBounded: boolean): number {
  const random = seededRandom(7)
  const options = { electionTicks: 5, heartbeatTicks: 2, random: (bound: number) => random.below(bound) }
  const nodes = Array.from({ length: groups }, () => VOTERS.map((id) => new TestNode(testOptions(id, VOTERS, options))))
  const queues = new Map<number, [number, RaftMessage][]>(VOTERS.map((id) => [id, []]))
  const slots = VOTERS.map((id) => new ElectionSlots(id, REACH))
  const leaderless = new Set(nodes.keys())
  const send = (group: number, node: TestNode): void => {
    for (const message of node.take()) queues.get(message.to)!.push([group, message])
    if (node.core.role === 'leader') leaderless.delete(group)
  }
  for (let tick = 0; tick < ticks; tick += 1) {
    for (const id of VOTERS) {
      const replicas = [...leaderless].map((group) => ({ id: group, driver: nodes[group]![id - 1]! }))
      slots[id - 1]!.count(replicas as unknown as Replica[])
      for (const one of replicas) {
        one.driver.core.tick(() => !isBounded || slots[id - 1]!.take(one as unknown as Replica))
        one.driver.drain()
        send(one.id, one.driver)
      }
    }
    for (const [id, queue] of queues) {
      for (const [group, message] of queue.splice(0, messagesPerTick)) {
        if (!leaderless.has(group)) continue
        nodes[group]![id - 1]!.step(message)
        send(group, nodes[group]![id - 1]!)
      }
    }
  }
  return groups - leaderless.size
}

describe('thousands of groups that have lost their leaders at once', () => {
  const [groups, messagesPerTick, ticks] = [2_000, 200, 300] as const

  it('have leaders again soon', () => {
    expect(elected(groups, messagesPerTick, ticks, true)).toBe(groups)
  })

  it('control: with elections without a bound all votes come too late, and hardly a group ever has a leader', () => {
    expect(elected(groups, messagesPerTick, ticks, false)).toBeLessThan(groups / 10)
  })
})
