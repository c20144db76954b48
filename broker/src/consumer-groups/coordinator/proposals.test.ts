import { TailraceError } from '@tailrace/schemas'
import { beforeEach, expect, test } from 'vitest'
import { ManualClock } from '../../platform/testing/clock.ts'
import { decodeConsumerGroupCommands } from '../state/commands/command-codec.ts'
import type { CommandOutcome } from '../state/consumer-group-changes.ts'
import { carriedOut, refused } from '../state/consumer-group-changes.ts'
import { Proposals } from './proposals.ts'

let clock: ManualClock
let leader: { isLeader: boolean; term: number; publish(batch: Uint8Array): Promise<never> }
let published: Uint8Array[]
let refusal: TailraceError | null
let proposals: Proposals

beforeEach(() => {
  clock = new ManualClock(0)
  published = []
  refusal = null
  leader = {
    isLeader: true,
    term: 3,
    publish(batch) {
      if (refusal !== null) throw refusal
      published.push(batch)
      return new Promise(() => {})
    },
  }
  proposals = new Proposals({ leader, term: 3, clock })
})

const leave = (group: string, member = 'm') => ({ type: 'leave', group, member, at: 1 }) as const
const settled = (work: Promise<CommandOutcome>) => work.catch((error: TailraceError) => error.code)
const groupsIn = (batch: Uint8Array) => decodeConsumerGroupCommands(batch)!.map(({ group }) => group)

test('the commands of one turn are one entry, and each gets its own outcome', async () => {
  const [a, b] = [proposals.propose(leave('a')), proposals.propose(leave('b'))]
  await clock.advance(0)
  const c = proposals.propose(leave('c'))
  await clock.advance(0)
  expect(published.map(groupsIn)).toEqual([['a', 'b'], ['c']])
  expect(proposals.applied([carriedOut, refused('FENCED_MEMBER')])).toEqual(['a', 'b'])
  expect(await Promise.all([a, b])).toEqual([carriedOut, refused('FENCED_MEMBER')])
  proposals.applied([carriedOut])
  expect(await c).toEqual(carriedOut)
})

test('an entry that gets no place in the log is not waited for', async () => {
  const first = proposals.propose(leave('a'))
  await clock.advance(0)
  refusal = new TailraceError('DISK_FULL')
  const second = settled(proposals.propose(leave('b')))
  await clock.advance(0)
  refusal = null
  const third = proposals.propose(leave('c'))
  await clock.advance(0)
  expect(await second).toBe('DISK_FULL')
  proposals.applied([carriedOut])
  expect(proposals.applied([refused('FENCED_MEMBER')])).toEqual(['c'])
  expect([await first, await third]).toEqual([carriedOut, refused('FENCED_MEMBER')])
})

test('at the end of the leadership it is not known what becomes of what is in the log', async () => {
  const inLog = settled(proposals.propose(leave('a')))
  await clock.advance(0)
  const waiting = settled(proposals.propose(leave('b')))
  proposals.end(new TailraceError('NOT_LEADER'))
  expect([await inLog, await waiting]).toEqual(['OUTCOME_UNKNOWN', 'NOT_LEADER'])
  expect(await settled(proposals.propose(leave('c')))).toBe('NOT_LEADER')
})

test('nothing is proposed in a later term, whose outcomes would be taken for those of this one', async () => {
  const late = settled(proposals.propose(leave('a')))
  leader.term = 5
  await clock.advance(0)
  expect([published, await late]).toEqual([[], 'NOT_LEADER'])
})

test('a command that cannot be read spoils no other', async () => {
  const good = proposals.propose(leave('a'))
  const bad = settled(proposals.propose(leave('b', 'no/id')))
  await clock.advance(0)
  expect([await bad, published.map(groupsIn)]).toEqual(['INVALID_REQUEST', [['a']]])
  proposals.applied([carriedOut])
  expect(await good).toEqual(carriedOut)
})

test('long commands are entries of their own, and too many are refused', async () => {
  const position = { topic: 't', topicId: 'i', partition: 0, token: 1, offset: 1, term: 1, metadata: 'x'.repeat(4096) }
  const positions = Array.from({ length: 40 }, (_, partition) => ({ ...position, partition }))
  for (const group of ['a', 'b', 'c']) {
    void settled(proposals.propose({ type: 'commit', group, at: 1, member: 'm', positions }))
  }
  await clock.advance(0)
  expect(published.map(groupsIn)).toEqual([['a'], ['b'], ['c']])
  for (let n = 0; n < 9997; n++) void settled(proposals.propose(leave('d')))
  expect(await settled(proposals.propose(leave('e')))).toBe('OVERLOADED')
})
