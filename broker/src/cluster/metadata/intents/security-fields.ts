import type { IntentFields, IntentShapes } from '@tailrace/schemas'
import { aclFields, aclOf, tokenFields, tokenOf, userFields, userOf } from '../../../security/acl/table-fields.ts'
import { entityFields, entityOf, quotaFields, quotaOf } from '../../../security/quotas/quota-fields.ts'
import type { SecurityCommand } from '../commands/security-commands.ts'

/** A wish about credentials, rules or quotas, as it is sent to the metadata leader. */
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
    case 'set-quota':
      return { 'tailrace.metadata.SetQuota': { ...quotaFields(intent.quota), ...asked } }
    case 'remove-quota':
      return { 'tailrace.metadata.RemoveQuota': { entity: entityFields(intent.entity), ...asked } }
  }
}

type SecurityName =
  | 'SetUser'
  | 'DeleteUser'
  | 'AddToken'
  | 'RemoveTokens'
  | 'AddAcls'
  | 'RemoveAcls'
  | 'SetQuota'
  | 'RemoveQuota'

/** Only Avro's types are checked here: `isSecurityCommand` checks the rest. */
export const securityReaders: { readonly [Name in SecurityName]: (fields: IntentShapes[Name]) => SecurityCommand } = {
  SetUser: ({ name, scram, ...asked }) => ({ type: 'set-user', user: userOf(name, scram), ...asked }),
  DeleteUser: (fields) => ({ type: 'delete-user', ...fields }),
  AddToken: ({ token, ...asked }) => ({ type: 'add-token', token: tokenOf(token), ...asked }),
  RemoveTokens: (fields) => ({ type: 'remove-tokens', ...fields }),
  AddAcls: ({ acls, ...asked }) => ({ type: 'add-acls', acls: acls.map(aclOf), ...asked }),
  RemoveAcls: ({ acls, ...asked }) => ({ type: 'remove-acls', acls: acls.map(aclOf), ...asked }),
  SetQuota: ({ entity, limits, ...asked }) => ({ type: 'set-quota', quota: quotaOf(entity, limits), ...asked }),
  RemoveQuota: ({ entity, ...asked }) => ({ type: 'remove-quota', entity: entityOf(entity), ...asked }),
}
