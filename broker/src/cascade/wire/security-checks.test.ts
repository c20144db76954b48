import { expect, test } from 'vitest'
import { sampleMessages } from '../../../../schemas/src/testing/sample-messages.ts'
import { checkSecurityPage } from './security-checks.ts'

const page = sampleMessages.CascadeSecurityReply
const check = (changes: object) => checkSecurityPage({ ...page, ...changes }, 's:1')
const refusal = expect.objectContaining({ code: 'INCOMPATIBLE_PEER' })

test('a page is taken as a whole', () => {
  expect(check({})).toMatchObject({ digest: 'd', total: page.total })
  expect(check({ total: 220_000 }).total).toBe(220_000)
})

test.each([
  ['without a digest', { digest: '' }],
  ['with more items than there are', { total: 2 }],
  ['of more items than a cluster keeps', { total: 220_001 }],
  ['with an odd user', { users: [{ ...page.users[0]!, name: '-' }] }],
  ['with an odd token', { tokens: [{ ...page.tokens[0]!, principal: 'Group:ops' }] }],
  ['with an odd rule', { acls: [{ ...page.acls[0]!, operation: 'fly' }] }],
])('a page %s is refused', (_, changes) => {
  expect(() => check(changes)).toThrow(refusal)
})
