import { TailraceError } from '@tailrace/schemas'
import { aclKey } from '../../security/acl/acl.ts'
import { quotaKey } from '../../security/quotas/quota.ts'
import type { SecurityTables } from '../../security/security-tables.ts'
import type { SecurityPage } from '../wire/cascade-messages.ts'
import { checkSecurityPage } from '../wire/security-checks.ts'
import type { SourceLink } from './source-link.ts'

export interface ToldTables {
  readonly digest: string
  readonly tables: Omit<SecurityTables, 'version' | 'quotas'> & {
    /** null: the source is of a version that does not tell them. */
    readonly quotas: SecurityTables['quotas'] | null
  }
}

const askMs = 10_000
/** Tables that change while they are read are read from their beginning again. */
const mostReadings = 5

/**
 * All of a source's users, tokens, rules and quotas, or null where they have changed again and again meanwhile: the
 * next beat leads here once more.
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
    const count = page.users.length + page.tokens.length + page.acls.length + page.quotas.length
    read += count
    const total = page.total + (page.quotaTotal ?? 0)
    if (read === total) return { digest, tables: tablesOf(pages) }
    if (count === 0 || read > total) {
      const what = 'other users, tokens, rules and quotas than it says'
      throw new TailraceError('INCOMPATIBLE_PEER', `${address} has ${what}: ${read}.`)
    }
  }
}

function tablesOf(pages: readonly SecurityPage[]): ToldTables['tables'] {
  return {
    users: new Map(pages.flatMap(({ users }) => users.map((user) => [user.name, user]))),
    tokens: new Map(pages.flatMap(({ tokens }) => tokens.map((token) => [token.id, token]))),
    acls: new Map(pages.flatMap(({ acls }) => acls.map((acl) => [aclKey(acl), acl]))),
    quotas: pages.some(({ quotaTotal }) => quotaTotal === null)
      ? null
      : new Map(pages.flatMap(({ quotas }) => quotas.map((quota) => [quotaKey(quota.entity), quota]))),
  }
}
