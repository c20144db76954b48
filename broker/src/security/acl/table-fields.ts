import type { AclFields, ScramFields, TokenFields } from '@tailrace/schemas'
import type { Acl, Operation, ResourcePattern, TokenScope } from '../../api/security-api.ts'
import type { StoredToken, StoredUser } from '../security-tables.ts'

/** Items of the tables as messages carry them. Only Avro's types are checked here: table-checks.ts has the rest. */

export function userFields({ name, scram }: StoredUser): { name: string; scram: ScramFields[] } {
  return { name, scram: Object.entries(scram).map(([mechanism, credential]) => ({ mechanism, ...credential })) }
}

/** A mechanism that is named twice gives a user without any, which is refused. */
export function userOf(name: string, scram: readonly ScramFields[]): StoredUser {
  if (new Set(scram.map(({ mechanism }) => mechanism)).size !== scram.length) return { name, scram: {} }
  return {
    name,
    scram: Object.fromEntries(scram.map(({ mechanism, ...credential }) => [mechanism, { ...credential }])),
  }
}

export function tokenFields({ scope, ...token }: StoredToken): TokenFields {
  return { ...token, scope: scope === null ? null : scopeFields(scope) }
}

function scopeFields({ operations, resources }: TokenScope): NonNullable<TokenFields['scope']> {
  return { operations: [...operations], resources: resources.map((resource) => ({ ...resource })) }
}

export function tokenOf({ scope = null, expiresAt = null, ...token }: TokenFields): StoredToken {
  return { ...token, expiresAt, scope: scope === null ? null : scopeOf(scope) }
}

function scopeOf({ operations, resources }: NonNullable<TokenFields['scope']>): TokenScope {
  return { operations: operations as Operation[], resources: resources.map(patternOf) }
}

export function aclFields({ resource, ...acl }: Acl): AclFields {
  return { ...acl, resource: { ...resource } }
}

export function aclOf({ resource, operation, permission, ...acl }: AclFields): Acl {
  return {
    ...acl,
    operation: operation as Operation,
    permission: permission as Acl['permission'],
    resource: patternOf(resource),
  }
}

function patternOf(resource: AclFields['resource']): ResourcePattern {
  const { type, name, pattern } = resource as ResourcePattern
  return { type, name, pattern }
}
