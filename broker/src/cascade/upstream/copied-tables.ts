import { formatTable, refuseNewer } from '@tailrace/schemas'
import type { Acl } from '../../api/security-api.ts'
import type { StateStore } from '../../log/log-storage.ts'
import { hasFields, storedJson } from '../../log/store/stored-json.ts'
import { aclKey } from '../../security/acl/acl.ts'
import { faultOfAcl } from '../../security/acl/acl-checks.ts'
import { isStoredToken, isStoredUser } from '../../security/acl/table-checks.ts'
import { noTables, type SecurityTables, type StoredToken, type StoredUser } from '../../security/security-tables.ts'
import type { ToldTables } from './security-pages.ts'

const KEY = 'cascade/security'

interface Stored {
  readonly version: number
  readonly digest: string
  readonly users: readonly StoredUser[]
  readonly tokens: readonly StoredToken[]
  readonly acls: readonly Acl[]
}

/**
 * Users, tokens and rules of the cluster, as the source told them last. They stay while the source is away, also over a
 * restart; a broker that was never told any has empty ones, which allow nothing.
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
    const { digest, users, tokens, acls } = storedJson(KEY, bytes, isStored)
    const tables = {
      version: 1,
      users: new Map(users.map((user) => [user.name, user])),
      tokens: new Map(tokens.map((token) => [token.id, token])),
      acls: new Map(acls.map((acl) => [aclKey(acl), acl])),
      quotas: noTables.quotas,
    }
    return new CopiedTables(store, tables, digest)
  }

  get tables(): SecurityTables {
    return this.#tables
  }

  /** Of the tables that are here; empty: there were never any. */
  get digest(): string {
    return this.#digest
  }

  /** They count at once: what was revoked is not allowed until the disk has them. Resolves when they are durable. */
  async take({ digest, tables }: ToldTables): Promise<void> {
    this.#tables = { version: this.#tables.version + 1, ...tables }
    this.#digest = digest
    const [users, tokens, acls] = [tables.users, tables.tokens, tables.acls].map((table) => [...table.values()])
    const stored = { version: formatTable.securityCopy.version, digest, users, tokens, acls }
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
  })
}
