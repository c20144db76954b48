import { expect, test } from 'vitest'
import { abandonChange, type MemberChange, newMembershipState } from './change-state.ts'

const change = (stage: MemberChange['stage']): MemberChange => {
  return {
    stage,
    final: { voters: [1], outgoing: [], learners: [] },
    before: { voters: [1], outgoing: [], learners: [] },
    catchUp: null,
    failure: null,
  }
}

test('a replica that does not lead any more has no change under way, and counts no voter as told to campaign', () => {
  for (const stage of ['staging', 'joint', 'leaving'] as const) {
    const membership = { ...newMembershipState(), active: true, handedOn: true, change: change(stage) }
    abandonChange(membership)
    const reason = stage === 'staging' ? /while replicas caught up/ : /the next one finishes the change/
    expect(membership).toMatchObject({ active: false, handedOn: false, change: null })
    expect(membership.changeOutcome).toEqual({ outcome: 'failed', reason: expect.stringMatching(reason) })
    expect(membership.lastChange).toBe(membership.changeOutcome)
  }
})

test('members that were to be forced are not, and that outcome replaces any other', () => {
  const forced = { voters: [1], outgoing: [], learners: [] }
  const membership = { ...newMembershipState(), forced, change: change('joint') }
  abandonChange(membership)
  expect(membership).toMatchObject({ forced: null, change: null })
  expect(membership.changeOutcome).toEqual({ outcome: 'failed', reason: 'another broker leads a later term' })
})

test('without a change nothing is told', () => {
  const membership = { ...newMembershipState(), active: true, handedOn: true }
  abandonChange(membership)
  expect(membership).toEqual(newMembershipState())
})
