import type { LogIndex } from '@tailrace/schemas'
import type { Quota } from '../../api/quotas.ts'
import type { Acl } from '../../api/security-api.ts'
import type { SecurityTables, StoredToken, StoredUser } from '../../security/security-tables.ts'

export const MOST_USERS = 100_000
export const MOST_TOKENS = 100_000
export const MOST_ACLS = 10_000
export const MOST_QUOTAS = 10_000

/** Items that a command has changed, by their keys; null: the item is gone. */
export interface SecurityChange {
  readonly users?: ReadonlyMap<string, StoredUser | null>
  readonly tokens?: ReadonlyMap<string, StoredToken | null>
  readonly acls?: ReadonlyMap<string, Acl | null>
  readonly quotas?: ReadonlyMap<string, Quota | null>
}

/**
 * Credentials and rules in the metadata: one object for all readers, which look at its version. The version is the
 * index of the command that changed it last, so that brokers with the same version have the same tables.
 */
export class SecurityState implements SecurityTables {
  #version: LogIndex = 0
  #users = new Map<string, StoredUser>()
  #tokens = new Map<string, StoredToken>()
  #acls = new Map<string, Acl>()
  #quotas: ReadonlyMap<string, Quota> = new Map()

  get version(): LogIndex {
    return this.#version
  }

  get users(): ReadonlyMap<string, StoredUser> {
    return this.#users
  }

  get tokens(): ReadonlyMap<string, StoredToken> {
    return this.#tokens
  }

  get acls(): ReadonlyMap<string, Acl> {
    return this.#acls
  }

  get quotas(): ReadonlyMap<string, Quota> {
    return this.#quotas
  }

  change(index: LogIndex, { users, tokens, acls, quotas }: SecurityChange): void {
    this.#version = index
    if (users !== undefined) putAll(this.#users, users)
    if (tokens !== undefined) putAll(this.#tokens, tokens)
    if (acls !== undefined) putAll(this.#acls, acls)
    if (quotas !== undefined) {
      // They are put in order for every look-up, and change seldom: a reader sees by the map whether they have.
      const changed = new Map(this.#quotas)
      putAll(changed, quotas)
      this.#quotas = changed
    }
  }

  /** Other tables, at once: a reader sees the ones before or these, never a part of them. */
  replace({ version, users, tokens, acls, quotas }: SecurityTables): void {
    this.#version = version
    this.#users = new Map(users)
    this.#tokens = new Map(tokens)
    this.#acls = new Map(acls)
    this.#quotas = new Map(quotas)
  }
}

function putAll<Item>(into: Map<string, Item>, changes: ReadonlyMap<string, Item | null>): void {
  for (const [key, item] of changes) {
    if (item === null) into.delete(key)
    else into.set(key, item)
  }
}
