import { aclKey } from '../../../broker/src/security/acl/acl.ts'
import { faultOfAcl } from '../../../broker/src/security/acl/acl-checks.ts'
import { AclIndex } from '../../../broker/src/security/acl/acl-index.ts'
import { isStoredToken, isStoredUser } from '../../../broker/src/security/acl/table-checks.ts'
import { faultOfQuota, quotaKey } from '../../../broker/src/security/quotas/quota.ts'
import { QuotaIndex } from '../../../broker/src/security/quotas/quota-index.ts'
import type { SecurityTables } from '../../../broker/src/security/security-tables.ts'

const asker = { principal: 'User:alice', groups: [], host: '10.0.0.1' }

/** Each row is one that the checks take, under its own key; and decisions can be made by them. @throws Error */
export function checkTables({ users, tokens, acls, quotas }: Omit<SecurityTables, 'version'>): void {
  for (const [name, user] of users) if (!isStoredUser(user) || user.name !== name) throw odd(name, user)
  for (const [id, token] of tokens) if (!isStoredToken(token) || token.id !== id) throw odd(id, token)
  for (const [key, acl] of acls) if (faultOfAcl(acl) !== null || aclKey(acl) !== key) throw odd(key, acl)
  for (const [key, quota] of quotas) {
    if (faultOfQuota(quota) !== null || quotaKey(quota.entity) !== key) throw odd(key, quota)
  }
  const rules = new AclIndex(acls.values())
  rules.decide(asker, 'read', { type: 'topic', name: 'orders' })
  rules.decideAny(asker, 'write', 'topic')
  new QuotaIndex(quotas.values(), (address) => address).find('requestsPerSecond', {
    principal: 'User:alice',
    clientId: '',
    address: '10.0.0.1',
  })
}

function odd(key: string, row: unknown): Error {
  return new Error(`a row that the checks refuse: ${key}: ${JSON.stringify(row)}`)
}
