import type { BrokerId, Timestamp } from '@tailrace/schemas'
import type { Quota, QuotaEntity } from '../../../api/quotas.ts'
import type { Acl } from '../../../api/security-api.ts'
import { aclKey } from '../../../security/acl/acl.ts'
import { faultOfAcl } from '../../../security/acl/acl-checks.ts'
import { isStoredToken, isStoredUser, isTokenId, isUserName } from '../../../security/acl/table-checks.ts'
import { faultOfEntity, faultOfQuota } from '../../../security/quotas/quota.ts'
import type { StoredToken, StoredUser } from '../../../security/security-tables.ts'
import { areTexts, isNatural, isPositive } from './command-checks.ts'

/**
 * Changes of credentials, rules and quotas, of the second feature level. `at`, `broker`, `by`: time, broker and
 * operator of the request.
 */
export type SecurityCommand =
  | SetUser
  | DeleteUser
  | AddToken
  | RemoveTokens
  | AddAcls
  | RemoveAcls
  | SetQuota
  | RemoveQuota

interface Asked {
  readonly at: Timestamp
  readonly broker: BrokerId
  readonly by: string
}
/** A new user, or another password of one. */
export interface SetUser extends Asked {
  readonly type: 'set-user'
  readonly user: StoredUser
}
export interface DeleteUser extends Asked {
  readonly type: 'delete-user'
  readonly name: string
}
export interface AddToken extends Asked {
  readonly type: 'add-token'
  readonly token: StoredToken
}
/** `expired`: the metadata leader removes them because their time is over. */
export interface RemoveTokens extends Asked {
  readonly type: 'remove-tokens'
  readonly ids: readonly string[]
  readonly expired: boolean
}
/** Rules that exist already stay. */
export interface AddAcls extends Asked {
  readonly type: 'add-acls'
  readonly acls: readonly Acl[]
}
/** Rules that do not exist are passed over. */
export interface RemoveAcls extends Asked {
  readonly type: 'remove-acls'
  readonly acls: readonly Acl[]
}

/** In the place of the limits that the entity had. */
export interface SetQuota extends Asked {
  readonly type: 'set-quota'
  readonly quota: Quota
}
export interface RemoveQuota extends Asked {
  readonly type: 'remove-quota'
  readonly entity: QuotaEntity
}

/** Rules or tokens that one command names at most. */
export const MOST_IN_COMMAND = 1000

export function isSecurityCommand(value: { type?: string }): value is SecurityCommand {
  const command = value as SecurityCommand
  switch (command.type) {
    case 'set-user':
      return isAsked(command) && isStoredUser(command.user)
    case 'delete-user':
      return isAsked(command) && isUserName(command.name)
    case 'add-token':
      return isAsked(command) && isStoredToken(command.token)
    case 'remove-tokens':
      return isAsked(command) && typeof command.expired === 'boolean' && isList(command.ids, isTokenId, String)
    case 'add-acls':
    case 'remove-acls':
      return isAsked(command) && isList(command.acls, (acl) => faultOfAcl(acl) === null, aclKey)
    case 'set-quota':
      return isAsked(command) && faultOfQuota(command.quota) === null
    case 'remove-quota':
      return isAsked(command) && faultOfEntity(command.entity) === null
    default:
      return false
  }
}

/** Each once. An empty list changes nothing; the answer to it says how far the metadata has come. */
function isList<Item>(items: readonly Item[], isSound: (item: unknown) => boolean, keyOf: (item: Item) => string) {
  if (!Array.isArray(items) || items.length > MOST_IN_COMMAND || !items.every(isSound)) return false
  return new Set(items.map(keyOf)).size === items.length
}

function isAsked({ at, broker, by }: Asked): boolean {
  return isNatural(at) && isPositive(broker) && areTexts(by)
}
