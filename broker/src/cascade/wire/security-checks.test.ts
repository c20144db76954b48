import { expect, test } from 'vitest'
import { sampleMessages } from '../../../../schemas/src/testing/sample-messages.ts'
import { checkSecurityPage } from './security-checks.ts'

const page = sampleMessages.CascadeSecurityReply
const check = (changes: object) => checkSecurityPage({ ...page, ...changes }, 's:1')
const refusal = expect.objectContaining({ code: 'INCOMPATIBLE_PEER' })

test('a page is taken as a whole', () => {
  expect(check({})).toMatchObject({ digest: 'd', total: page.total })
  expect(check({ total: 210_000, quotaTotal: 10_000 })).toMatchObject({ total: 210_000, quotaTotal: 10_000 })
  expect(check({ quotas: [], quotaTotal: -1 }).quotaTotal).toBeNull()
})

test.each([
  ['without a digest', { digest: '' }],
  ['with more items than there are', { total: 2 }],
  ['of more items than a cluster keeps', { total: 210_001 }],
  ['of more quotas than a cluster keeps', { quotaTotal: 10_001 }],
  ['with an odd user', { users: [{ ...page.users[0]!, name: '-' }] }],
  ['with an odd token', { tokens: [{ ...page.tokens[0]!, principal: 'Group:ops' }] }],
  ['with an odd rule', { acls: [{ ...page.acls[0]!, operation: 'fly' }] }],
  ['with an odd quota', { quotas: [{ ...page.quotas[0]!, limits: [] }] }],
])('a page %s is refused', (_, changes) => {
  expect(() => check(changes)).toThrow(refusal)
})
