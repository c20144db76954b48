import { expect, test } from 'vitest'
import { examine } from './forced-members-survey.ts'
import type { GroupCalls } from './group-calls.ts'

const nobodyAnswers = { reportOf: () => Promise.reject(new Error('no answer')) } as unknown as GroupCalls

test.each([
  ['no members', [], undefined],
  ['a member twice', [2, 2], undefined],
  ['a member that does not answer', [2], 'Broker 2 does not answer'],
])('%s cannot be forced', async (_, members, detail) => {
  const error = await examine(nobodyAnswers, 5, [1, 2, 3], members).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'INVALID_MEMBERS' })
  if (detail !== undefined) expect((error as Error).message).toContain(detail)
  else expect((error as Error).message).not.toContain('does not answer')
})
