import { TailraceError } from '@tailrace/schemas'
import { aclKey } from '../../security/acl/acl.ts'
import type { SecurityTables } from '../../security/security-tables.ts'
import type { SecurityPage } from '../wire/cascade-messages.ts'
import { checkSecurityPage } from '../wire/security-checks.ts'
import type { SourceLink } from './source-link.ts'

export interface ToldTables {
  readonly digest: string
  readonly tables: Omit<SecurityTables, 'version'>
}

const askMs = 10_000
/** Tables that change while they are read are read from their beginning again. */
const mostReadings = 5

/**
 * All of a source's users, tokens and rules, or null where they have changed again and again meanwhile: the next beat
 * leads here once more.
 * @throws TailraceError INCOMPATIBLE_PEER, and as SourceLink.request
 */
export async function readTables(link: SourceLink, address: string): Promise<ToldTables | null> {
  for (let reading = 0; reading < mostReadings; reading++) {
    const told = await readOnce(link, address)
    if (told !== null) return told
  }
  return null
}

async function readOnce(link: SourceLink, address: string): Promise<ToldTables | null> {
  const pages: SecurityPage[] = []
  let read = 0
  for (let digest: string | null = null; ; ) {
    const { fields } = await link.request('CascadeSecurity', { from: read }, askMs)
    const page = checkSecurityPage(fields, address)
    if (digest !== null && digest !== page.digest) return null
    digest = page.digest
    pages.push(page)
    const count = page.users.length + page.tokens.length + page.acls.length
    read += count
    if (read === page.total) return { digest, tables: tablesOf(pages) }
    if (count === 0 || read > page.total) {
      throw new TailraceError(
        'INCOMPATIBLE_PEER',
        `${address} has other users, tokens and rules than it says: ${read}.`,
      )
    }
  }
}

function tablesOf(pages: readonly SecurityPage[]): ToldTables['tables'] {
  return {
    users: new Map(pages.flatMap(({ users }) => users.map((user) => [user.name, user]))),
    tokens: new Map(pages.flatMap(({ tokens }) => tokens.map((token) => [token.id, token]))),
    acls: new Map(pages.flatMap(({ acls }) => acls.map((acl) => [aclKey(acl), acl]))),
    // A cascade broker keeps to none: every broker has its own use, and these are of the brokers of level 0.
    quotas: new Map(),
  }
}
