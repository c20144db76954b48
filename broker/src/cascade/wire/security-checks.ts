import type { Message } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import { MOST_ACLS, MOST_QUOTAS, MOST_TOKENS, MOST_USERS } from '../../cluster/metadata/security-state.ts'
import { faultOfAcl } from '../../security/acl/acl-checks.ts'
import { isStoredToken, isStoredUser } from '../../security/acl/table-checks.ts'
import { securityPageFrom } from './cascade-fields.ts'
import type { SecurityPage } from './cascade-messages.ts'
import { isSmallCount, isText } from './json-checks.ts'

/** As many as a cluster keeps: a source that has more to say would be listened to until there is no memory left. */
const MOST_ITEMS = MOST_USERS + MOST_TOKENS + MOST_ACLS + MOST_QUOTAS

/**
 * A part of a source's users, tokens and rules. One that is not understood would be one that does not hold: so none of
 * them is taken.
 * @throws TailraceError INCOMPATIBLE_PEER
 */
export function checkSecurityPage(fields: Message<'CascadeSecurityReply'>, address: string): SecurityPage {
  const page = securityPageFrom(fields)
  const { digest, total, users, tokens, acls } = page
  const isPage = isText(digest) && digest !== '' && isSmallCount(total) && total <= MOST_ITEMS
  const areSound =
    users.every(isStoredUser) && tokens.every(isStoredToken) && acls.every((acl) => faultOfAcl(acl) === null)
  if (isPage && areSound && users.length + tokens.length + acls.length <= total) return page
  const what = 'something other than a part of its users, tokens and rules'
  throw new TailraceError('INCOMPATIBLE_PEER', `${address} answers with ${what}.`)
}
