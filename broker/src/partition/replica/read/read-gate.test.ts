import { TailraceError } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { ManualClock } from '../../../platform/testing/clock.ts'
import { ReadGate } from './read-gate.ts'

function gate() {
  const core = {
    role: 'leader' as 'leader' | 'follower',
    term: 5,
    commitIndex: 7,
    hasLease: true,
    answered: 0,
    rounds: 0,
    beginReadRound: () => ++core.rounds,
    roundAnswered: (round: number) => round <= core.answered,
  }
  const shown = { commitIndex: 7, commitTerm: 5 }
  const clock = new ManualClock()
  const opened = new ReadGate({
    core,
    clock,
    patienceMs: 100,
    maxWaiting: 2,
    shown: () => shown,
    catchUp: () => {},
    wake: () => {},
    checkRunning: () => {},
    notLeader: () => new TailraceError('NOT_LEADER'),
  })
  return { core, shown, clock, gate: opened }
}

test('a leader that shows an entry of its term answers at once; with a lease linearizably, too', () => {
  const { gate: opened } = gate()
  expect([opened.pass(false), opened.pass(true)]).toEqual([undefined, undefined])
})

test('in the middle of a turn, committed entries that are not shown yet keep a linearizable read waiting', async () => {
  const { core, shown, gate: opened } = gate()
  core.commitIndex = 8
  expect(opened.pass(false)).toBeUndefined()
  const read = opened.pass(true)
  expect(read).toBeDefined()
  core.answered = core.rounds
  opened.review()
  shown.commitIndex = 8
  opened.review()
  await read
})

test('an entry of an earlier term is not enough, even where the core has committed one of its own', async () => {
  const { shown, clock, gate: opened } = gate()
  shown.commitTerm = 4
  const reads = [opened.pass(false), opened.pass(true)].map((read) =>
    expect(read).rejects.toMatchObject({ code: 'LEADER_UNAVAILABLE' }),
  )
  expect(() => opened.pass(false)).toThrow(expect.objectContaining({ code: 'OVERLOADED' }))
  await clock.advance(100, () => Promise.resolve())
  await Promise.all(reads)
})

test('a replica that does not lead any more says so, before and while a read waits', async () => {
  const { core, gate: opened } = gate()
  core.hasLease = false
  const read = opened.pass(true)
  core.role = 'follower'
  opened.wakeAll()
  await expect(read).rejects.toMatchObject({ code: 'NOT_LEADER' })
  expect(() => opened.pass(true)).toThrow(expect.objectContaining({ code: 'NOT_LEADER' }))
})
