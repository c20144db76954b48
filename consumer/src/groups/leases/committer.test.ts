import { TailraceError } from '@tailrace/schemas'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { PositionFields } from '../beats/coordinator.ts'
import { type CommittedLease, Committer, type SendCommit } from './committer.ts'

function leaseOf(partition: number, token = 1, member = 'm'): CommittedLease & { committed: number } {
  const lease = { topic: 't', topicId: 'id', partition, token }
  const made = {
    key: `id/${partition}`,
    member,
    committed: -1,
    lease,
    wasCommitted(offset: number): void {
      made.committed = Math.max(made.committed, offset)
    },
  }
  return made
}

/** Answers each request when the test says so. */
function manual() {
  const requests: { member: string; positions: PositionFields[]; answer: PromiseWithResolvers<readonly never[]> }[] = []
  const send: SendCommit = (member, positions) => {
    const answer = Promise.withResolvers<readonly never[]>()
    requests.push({ member, positions, answer })
    return answer.promise
  }
  const fenced: string[] = []
  return { requests, fenced, committer: new Committer(send, (_error, { key }) => fenced.push(key)) }
}

const at = (offset: number, metadata = '') => ({ offset, term: 1, metadata })
const turn = () => new Promise((resolve) => setImmediate(resolve))
const asked = (positions: readonly PositionFields[]) => positions.map(({ partition, offset }) => [partition, offset])

it('sends what came during a request together, of each partition the last position', async () => {
  const { requests, committer } = manual()
  const [one, two] = [leaseOf(0), leaseOf(1)]
  const first = committer.commit(one, at(1))
  await turn()
  const later = [committer.commit(one, at(2)), committer.commit(one, at(5)), committer.commit(one, at(4))]
  const other = committer.commit(two, at(7))
  requests[0]!.answer.resolve([])
  await first
  await turn()
  expect(requests.map(({ positions }) => asked(positions))).toEqual([
    [[0, 1]],
    [
      [0, 5],
      [1, 7],
    ],
  ])
  requests[1]!.answer.resolve([])
  await Promise.all([...later, other])
  expect([one.committed, two.committed]).toEqual([5, 7])
  await committer.idle()
})

it('sends nothing for a position that is committed, but for other metadata', async () => {
  const { requests, committer } = manual()
  const lease = leaseOf(0)
  lease.wasCommitted(5)
  await committer.commit(lease, at(4))
  await committer.commit(lease, at(4, 'older'))
  await committer.commit(lease, at(5))
  await turn()
  expect(requests).toEqual([])
  const noted = committer.commit(lease, at(5, 'page 7'))
  await turn()
  requests[0]!.answer.resolve([])
  await noted
  expect(requests[0]!.positions[0]).toMatchObject({ offset: 5, metadata: 'page 7' })
})

it('refuses those that are fenced, and carries out the others', async () => {
  const { requests, fenced, committer } = manual()
  const [lost, kept] = [leaseOf(0), leaseOf(1)]
  const commits = Promise.allSettled([committer.commit(lost, at(1)), committer.commit(kept, at(1))])
  await turn()
  requests[0]!.answer.resolve([{ topicId: 'id', partition: 0 } as never])
  expect(await commits).toMatchObject([{ reason: { code: 'FENCED_MEMBER' } }, { status: 'fulfilled' }])
  expect([lost.committed, kept.committed, fenced]).toEqual([-1, 1, ['id/0']])
})

it('asks under the member that has each lease, and refuses all of one that is a member no more', async () => {
  const { requests, fenced, committer } = manual()
  const commits = [committer.commit(leaseOf(0, 1, 'old'), at(1)), committer.commit(leaseOf(1, 2, 'new'), at(1))]
  const outcomes = Promise.allSettled(commits)
  await turn()
  requests[0]!.answer.reject(new TailraceError('FENCED_MEMBER'))
  await turn()
  requests[1]!.answer.reject(new TailraceError('TIMED_OUT'))
  expect(await outcomes).toMatchObject([{ reason: { code: 'FENCED_MEMBER' } }, { reason: { code: 'TIMED_OUT' } }])
  expect([requests.map(({ member }) => member), fenced]).toEqual([['old', 'new'], ['id/0']])
})

it('never takes a commit under an old lease for one under the present', async () => {
  const { requests, committer } = manual()
  const [old, present] = [leaseOf(0, 1, 'old'), leaseOf(0, 2, 'new')]
  void committer.commit(leaseOf(9), at(1))
  await turn()
  const stale = committer.commit(old, at(8))
  const fresh = committer.commit(present, at(3))
  await expect(stale).rejects.toMatchObject({ code: 'FENCED_MEMBER' })
  requests[0]!.answer.resolve([])
  await turn()
  requests[1]!.answer.resolve([])
  await fresh
  expect(requests[1]!.positions).toMatchObject([{ token: 2, offset: 3 }])
})

it('settles each commit when it is committed, and never sends a position below one that was acknowledged', async () => {
  const step = fc.record({ offset: fc.nat(30), turns: fc.nat(2) })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.integer({ min: 1, max: 3 }), async (steps, answersAfter) => {
      let acknowledged = -1
      let underWay = 0
      const lease = leaseOf(0)
      const committer = new Committer(
        async (_member, [position, ...others]) => {
          expect([others, ++underWay]).toEqual([[], 1])
          expect(position!.offset).toBeGreaterThan(acknowledged)
          for (let turns = 0; turns < answersAfter; turns++) await turn()
          acknowledged = position!.offset
          underWay--
          return []
        },
        () => {},
      )
      const commits: Promise<void>[] = []
      for (const { offset, turns } of steps) {
        const committed = committer.commit(lease, at(offset))
        commits.push(committed.then(() => expect(acknowledged).toBeGreaterThanOrEqual(offset)))
        for (let count = 0; count < turns; count++) await turn()
      }
      await Promise.all(commits)
      await committer.idle()
      expect(acknowledged).toBe(Math.max(-1, ...steps.map(({ offset }) => offset)))
    }),
    { numRuns: 60 },
  )
})
