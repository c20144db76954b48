import type { Message } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import { MOST_ACLS, MOST_QUOTAS, MOST_TOKENS, MOST_USERS } from '../../cluster/metadata/security-state.ts'
import { faultOfAcl } from '../../security/acl/acl-checks.ts'
import { isStoredToken, isStoredUser } from '../../security/acl/table-checks.ts'
import { faultOfQuota } from '../../security/quotas/quota.ts'
import { securityPageFrom } from './cascade-fields.ts'
import type { SecurityPage } from './cascade-messages.ts'
import { type Check, eitherNull, isSmallCount, isText } from './json-checks.ts'

/** As many as a cluster keeps: a source that has more to say would be listened to until there is no memory left. */
const MOST_ITEMS = MOST_USERS + MOST_TOKENS + MOST_ACLS
const upTo =
  (most: number): Check =>
  (value) =>
    isSmallCount(value) && (value as number) <= most

/**
 * A part of a source's users, tokens, rules and quotas. One that is not understood would be one that does not hold: so
 * none of them is taken.
 * @throws TailraceError INCOMPATIBLE_PEER
 */
export function checkSecurityPage(fields: Message<'CascadeSecurityReply'>, address: string): SecurityPage {
  const page = securityPageFrom(fields)
  const { digest, total, users, tokens, acls, quotas, quotaTotal } = page
  const isPage = isText(digest) && digest !== '' && upTo(MOST_ITEMS)(total) && eitherNull(upTo(MOST_QUOTAS))(quotaTotal)
  const areSound =
    users.every(isStoredUser) &&
    tokens.every(isStoredToken) &&
    acls.every((acl) => faultOfAcl(acl) === null) &&
    quotas.every((quota) => faultOfQuota(quota) === null)
  const areFew = users.length + tokens.length + acls.length <= total && quotas.length <= (quotaTotal ?? 0)
  if (isPage && areSound && areFew) return page
  const what = 'something other than a part of its users, tokens, rules and quotas'
  throw new TailraceError('INCOMPATIBLE_PEER', `${address} answers with ${what}.`)
}
