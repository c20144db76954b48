import { formatTable, refuseNewer } from '@tailrace/schemas'
import type { Quota } from '../../api/quotas.ts'
import type { Acl } from '../../api/security-api.ts'
import type { StateStore } from '../../log/log-storage.ts'
import { hasFields, storedJson } from '../../log/store/stored-json.ts'
import { aclKey } from '../../security/acl/acl.ts'
import { faultOfAcl } from '../../security/acl/acl-checks.ts'
import { isStoredToken, isStoredUser } from '../../security/acl/table-checks.ts'
import { faultOfQuota, quotaKey } from '../../security/quotas/quota.ts'
import { noTables, type SecurityTables, type StoredToken, type StoredUser } from '../../security/security-tables.ts'
import type { ToldTables } from './security-pages.ts'

const KEY = 'cascade/security'
/** The digest of no source: everything is read anew. */
const WITHOUT_QUOTAS = 'without quotas'

interface Stored {
  readonly version: number
  readonly digest: string
  readonly users: readonly StoredUser[]
  readonly tokens: readonly StoredToken[]
  readonly acls: readonly Acl[]
  /** Missing: written by a version that copied none. */
  readonly quotas?: readonly Quota[]
}

/**
 * Users, tokens, rules and quotas of the cluster, as the source told them last. They stay while the source is away,
 * also over a restart; a broker that was never told any has empty ones, which allow nothing.
 */
export class CopiedTables {
  readonly #store: StateStore
  #tables: SecurityTables
  #digest: string

  private constructor(store: StateStore, tables: SecurityTables, digest: string) {
    this.#store = store
    this.#tables = tables
    this.#digest = digest
  }

  /** @throws TailraceError NEWER_FORMAT, STORAGE_CORRUPT */
  static async load(store: StateStore): Promise<CopiedTables> {
    const bytes = await store.get(KEY)
    if (bytes === null) return new CopiedTables(store, noTables, '')
    const { digest, users, tokens, acls, quotas } = storedJson(KEY, bytes, isStored)
    const tables = {
      version: 1,
      users: new Map(users.map((user) => [user.name, user])),
      tokens: new Map(tokens.map((token) => [token.id, token])),
      acls: new Map(acls.map((acl) => [aclKey(acl), acl])),
      quotas: new Map(quotas?.map((quota) => [quotaKey(quota.entity), quota])),
    }
    // The source that gave this digest may have counted quotas in, which were not taken.
    return new CopiedTables(store, tables, quotas === undefined ? WITHOUT_QUOTAS : digest)
  }

  get tables(): SecurityTables {
    return this.#tables
  }

  /** Of the tables that are here; empty: there were never any. */
  get digest(): string {
    return this.#digest
  }

  /**
   * They count at once: what was revoked is not allowed until the disk has them. Quotas that a source does not tell
   * stay as they are. Resolves when they are durable.
   */
  async take({ digest, tables: told }: ToldTables): Promise<void> {
    const { version, quotas: before } = this.#tables
    const tables = { ...told, version: version + 1, quotas: told.quotas ?? before }
    this.#tables = tables
    this.#digest = digest
    const [users, tokens, acls, quotas] = [tables.users, tables.tokens, tables.acls, tables.quotas].map((table) => [
      ...table.values(),
    ])
    const stored = { version: formatTable.securityCopy.version, digest, users, tokens, acls, quotas }
    await this.#store.write([[KEY, new TextEncoder().encode(JSON.stringify(stored))]])
    await this.#store.flush()
  }
}

function isStored(value: unknown): value is Stored {
  refuseNewer('securityCopy', (value as Partial<Stored> | null)?.version, KEY)
  const listOf = (check: (item: unknown) => boolean) => (list: unknown) => Array.isArray(list) && list.every(check)
  return hasFields(value, {
    version: (version) => version === formatTable.securityCopy.version,
    digest: (digest) => typeof digest === 'string' && digest !== '',
    users: listOf(isStoredUser),
    tokens: listOf(isStoredToken),
    acls: listOf((acl) => faultOfAcl(acl) === null),
    quotas: (quotas) => quotas === undefined || listOf((quota) => faultOfQuota(quota) === null)(quotas),
  })
}
