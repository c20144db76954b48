import { describe, expect, test } from 'vitest'
import { noDefects } from './defects.ts'
import type { RaftMessage } from './messages.ts'
import type { Role } from './ready.ts'
import { newState } from './state.ts'
import { ET, startFrom, TestNode, testOptions } from './testing/test-cluster.ts'
import { becomeCandidate, becomeFollower, becomeLeader, becomePreCandidate } from './transitions.ts'

/** Broker 1 of three in the given role, always in term 5. */
function nodeAs(role: Role): TestNode {
  const raises = role === 'candidate' || role === 'leader'
  const node = new TestNode(testOptions(1, [1, 2, 3]), [], startFrom([], { term: raises ? 4 : 5, votedFor: 0 }))
  if (role === 'follower') return node
  node.core.campaign()
  node.drain()
  if (raises) node.step({ type: 'vote-reply', from: 2, to: 1, term: 5, pre: true, granted: true })
  if (role === 'leader') node.step({ type: 'vote-reply', from: 2, to: 1, term: 5, pre: false, granted: true })
  expect([node.core.role, node.core.term]).toEqual([role, 5])
  return node
}

type Event = (node: TestNode) => void

const step =
  (message: Record<string, unknown>): Event =>
  (node) =>
    node.step({ from: 2, to: 1, term: 5, ...message } as unknown as RaftMessage)

const append = { type: 'append', prevIndex: 0, prevTerm: 0, entries: [], commit: 0 }
const vote = { type: 'vote', pre: false, transfer: false, lastIndex: 9, lastTerm: 4 }
const reply = { type: 'append-reply', success: false, matchIndex: 0, rejectedIndex: 0, hintIndex: 0, hintTerm: 0 }

const events: Record<string, Event> = {
  'silence for two election timeouts': (node) => node.tick(2 * ET),
  'campaign()': (node) => {
    node.core.campaign()
    node.drain()
  },
  'append, same term': step(append),
  'append, higher term': step({ ...append, term: 6 }),
  'append, lower term': step({ ...append, term: 4 }),
  'heartbeat, same term': step({ type: 'heartbeat', commit: 0, sentAt: 0 }),
  'heartbeat, higher term': step({ type: 'heartbeat', commit: 0, sentAt: 0, term: 6 }),
  'vote request, same term': step(vote),
  'vote request, higher term': step({ ...vote, term: 6 }),
  'pre-vote request, higher term': step({ ...vote, pre: true, term: 6 }),
  'pre-vote granted': step({ type: 'vote-reply', pre: true, granted: true, term: 6 }),
  'vote granted': step({ type: 'vote-reply', pre: false, granted: true }),
  'refused by both, pre-vote': (node) => {
    for (const from of [2, 3]) step({ type: 'vote-reply', pre: true, granted: false, from })(node)
  },
  'refused by both, vote': (node) => {
    for (const from of [2, 3]) step({ type: 'vote-reply', pre: false, granted: false, from })(node)
  },
  'append reply, higher term': step({ ...reply, term: 6 }),
  'heartbeat reply, higher term': step({ type: 'heartbeat-reply', lastIndex: 0, sentAt: 0, term: 6 }),
  'vote reply, higher term': step({ type: 'vote-reply', pre: false, granted: false, term: 6 }),
}

// The role after each event: F, P (pre-candidate), C, L, or X where the event cannot happen and stops the group.
const table: Record<string, string> = {
  //                                   F P C L
  'silence for two election timeouts': 'PPPF',
  'campaign()': 'PPPL',
  'append, same term': 'FFFX',
  'append, higher term': 'FFFF',
  'append, lower term': 'FPCL',
  'heartbeat, same term': 'FFFX',
  'heartbeat, higher term': 'FFFF',
  'vote request, same term': 'FPCL',
  // A leader that has just been elected is sure of its quorum (M19).
  'vote request, higher term': 'FFFL',
  'pre-vote request, higher term': 'FPCL',
  'pre-vote granted': 'FCCL',
  'vote granted': 'FPLL',
  'refused by both, pre-vote': 'FFCL',
  'refused by both, vote': 'FPFL',
  'append reply, higher term': 'FFFF',
  'heartbeat reply, higher term': 'FFFF',
  'vote reply, higher term': 'FFFF',
}

const roles: Role[] = ['follower', 'pre-candidate', 'candidate', 'leader']
const letters: Record<Role, string> = { follower: 'F', 'pre-candidate': 'P', candidate: 'C', leader: 'L' }

describe('M3, M6: roles and events', () => {
  for (const [name, event] of Object.entries(events)) {
    test(name, () => {
      const outcome = roles.map((role) => {
        const node = nodeAs(role)
        try {
          event(node)
          return letters[node.core.role]
        } catch {
          return 'X'
        }
      })
      expect(outcome.join('')).toBe(table[name])
    })
  }
})

test('an arrow that is not in the table throws', () => {
  const fresh = () => newState(testOptions(1, [1, 2, 3]), startFrom([]), noDefects)
  expect(() => becomeLeader(fresh())).toThrow(/no arrow from follower to leader/)
  const state = fresh()
  becomePreCandidate(state)
  expect(() => becomeLeader(state)).toThrow(/no arrow from pre-candidate to leader/)
  becomeCandidate(state)
  becomeLeader(state)
  expect(() => becomePreCandidate(state)).toThrow(/no arrow from leader to pre-candidate/)
  expect(() => becomeFollower(state, 0, 0)).toThrow(/term falls/)
})
