import type { AclFields, IntentFields, IntentShapes, ScramFields, TokenFields } from '@tailrace/schemas'
import type { Acl, Operation, ResourcePattern, TokenScope } from '../../../api/security-api.ts'
import type { StoredToken, StoredUser } from '../../../security/security-tables.ts'
import type { SecurityCommand } from '../commands/security-commands.ts'

/** A wish about credentials or rules, as it is sent to the metadata leader. */
export function securityFields(intent: SecurityCommand): IntentFields {
  const { at, broker, by } = intent
  const asked = { at, broker, by }
  switch (intent.type) {
    case 'set-user':
      return { 'tailrace.metadata.SetUser': { ...userFields(intent.user), ...asked } }
    case 'delete-user':
      return { 'tailrace.metadata.DeleteUser': { name: intent.name, ...asked } }
    case 'add-token':
      return { 'tailrace.metadata.AddToken': { token: tokenFields(intent.token), ...asked } }
    case 'remove-tokens':
      return { 'tailrace.metadata.RemoveTokens': { ids: [...intent.ids], expired: intent.expired, ...asked } }
    case 'add-acls':
      return { 'tailrace.metadata.AddAcls': { acls: intent.acls.map(aclFields), ...asked } }
    case 'remove-acls':
      return { 'tailrace.metadata.RemoveAcls': { acls: intent.acls.map(aclFields), ...asked } }
  }
}

type SecurityName = 'SetUser' | 'DeleteUser' | 'AddToken' | 'RemoveTokens' | 'AddAcls' | 'RemoveAcls'

/** Only Avro's types are checked here: `isSecurityCommand` checks the rest. */
export const securityReaders: { readonly [Name in SecurityName]: (fields: IntentShapes[Name]) => SecurityCommand } = {
  SetUser: ({ name, scram, ...asked }) => ({ type: 'set-user', user: userOf(name, scram), ...asked }),
  DeleteUser: (fields) => ({ type: 'delete-user', ...fields }),
  AddToken: ({ token, ...asked }) => ({ type: 'add-token', token: tokenOf(token), ...asked }),
  RemoveTokens: (fields) => ({ type: 'remove-tokens', ...fields }),
  AddAcls: ({ acls, ...asked }) => ({ type: 'add-acls', acls: acls.map(aclOf), ...asked }),
  RemoveAcls: ({ acls, ...asked }) => ({ type: 'remove-acls', acls: acls.map(aclOf), ...asked }),
}

function userFields({ name, scram }: StoredUser): { name: string; scram: ScramFields[] } {
  return { name, scram: Object.entries(scram).map(([mechanism, credential]) => ({ mechanism, ...credential })) }
}

/** A mechanism that is named twice gives a user without any, which is refused. */
function userOf(name: string, scram: readonly ScramFields[]): StoredUser {
  if (new Set(scram.map(({ mechanism }) => mechanism)).size !== scram.length) return { name, scram: {} }
  return {
    name,
    scram: Object.fromEntries(scram.map(({ mechanism, ...credential }) => [mechanism, { ...credential }])),
  }
}

function tokenFields({ scope, ...token }: StoredToken): TokenFields {
  return { ...token, scope: scope === null ? null : scopeFields(scope) }
}

function scopeFields({ operations, resources }: TokenScope): NonNullable<TokenFields['scope']> {
  return { operations: [...operations], resources: resources.map((resource) => ({ ...resource })) }
}

function tokenOf({ scope = null, expiresAt = null, ...token }: TokenFields): StoredToken {
  return { ...token, expiresAt, scope: scope === null ? null : scopeOf(scope) }
}

function scopeOf({ operations, resources }: NonNullable<TokenFields['scope']>): TokenScope {
  return { operations: operations as Operation[], resources: resources.map(patternOf) }
}

function aclFields({ resource, ...acl }: Acl): AclFields {
  return { ...acl, resource: { ...resource } }
}

function aclOf({ resource, operation, permission, ...acl }: AclFields): Acl {
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
