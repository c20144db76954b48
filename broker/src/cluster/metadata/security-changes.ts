import type { AuditRecord } from '../../api/admin-api.ts'
import type { Quota } from '../../api/quotas.ts'
import type { Acl, ResourcePattern, TokenScope } from '../../api/security-api.ts'
import { aclKey } from '../../security/acl/acl.ts'
import { entityText, quotaKey } from '../../security/quotas/quota.ts'
import type { StoredToken } from '../../security/security-tables.ts'
import type {
  AddAcls,
  AddToken,
  DeleteUser,
  RemoveAcls,
  RemoveQuota,
  RemoveTokens,
  SecurityCommand,
  SetQuota,
  SetUser,
} from './commands/security-commands.ts'
import type { Change, MetadataTables } from './metadata-model.ts'
import { refused } from './metadata-model.ts'
import { MOST_ACLS, MOST_QUOTAS, MOST_TOKENS, MOST_USERS, type SecurityChange } from './security-state.ts'

/** Applies a command about credentials or rules; as pure as MetadataState. Audit records name no secret and no hash. */
export function performSecurityCommand(state: MetadataTables, command: SecurityCommand): Change {
  switch (command.type) {
    case 'set-user':
      return setUser(state, command)
    case 'delete-user':
      return deleteUser(state, command)
    case 'add-token':
      return addToken(state, command)
    case 'remove-tokens':
      return removeTokens(state, command)
    case 'add-acls':
      return addAcls(state, command)
    case 'remove-acls':
      return removeAcls(state, command)
    case 'set-quota':
      return setQuota(state, command)
    case 'remove-quota':
      return removeQuota(state, command)
  }
}

function setUser(state: MetadataTables, command: SetUser): Change {
  const { user } = command
  const { users } = state.security
  if (!users.has(user.name) && users.size >= MOST_USERS) return refused('TOO_MANY_USERS', `There are ${users.size}.`)
  const detail = Object.keys(user.scram).join(', ')
  return changed(state, command, { users: new Map([[user.name, user]]) }, [`User:${user.name}`, detail])
}

function deleteUser(state: MetadataTables, command: DeleteUser): Change {
  const { name } = command
  if (!state.security.users.has(name)) return refused('UNKNOWN_USER', `"${name}"`)
  return changed(state, command, { users: new Map([[name, null]]) }, [`User:${name}`, ''])
}

function addToken(state: MetadataTables, command: AddToken): Change {
  const { token } = command
  const { tokens } = state.security
  // Ids are random: one that is in use is a request that somebody has made up.
  if (tokens.has(token.id)) return refused('INVALID_REQUEST', `The token ${token.id} exists.`)
  if (tokens.size >= MOST_TOKENS) return refused('TOO_MANY_TOKENS', `There are ${tokens.size}.`)
  return changed(state, command, { tokens: new Map([[token.id, token]]) }, [`token ${token.id}`, tokenText(token)])
}

function removeTokens(state: MetadataTables, command: RemoveTokens): Change {
  const { expired } = command
  const known = command.ids.filter((id) => state.security.tokens.has(id))
  if (known.length === 0 && !expired) return refused('UNKNOWN_TOKEN', command.ids.map((id) => `"${id}"`).join(', '))
  if (known.length === 0) return unchanged(state)
  const tokens = new Map(known.map((id) => [id, null]))
  return changed(state, command, { tokens }, [
    `${known.length} token${known.length === 1 ? '' : 's'}`,
    namesText(known, expired),
  ])
}

function addAcls(state: MetadataTables, command: AddAcls): Change {
  const { acls } = state.security
  const added = new Map<string, Acl>()
  for (const acl of command.acls) if (!acls.has(aclKey(acl))) added.set(aclKey(acl), acl)
  if (acls.size + added.size > MOST_ACLS) {
    return refused('TOO_MANY_ACLS', `There are ${acls.size}, and ${added.size} are to be added.`)
  }
  if (added.size === 0) return unchanged(state)
  return changed(state, command, { acls: added }, aclsText([...added.values()]))
}

function removeAcls(state: MetadataTables, command: RemoveAcls): Change {
  const { acls } = state.security
  const removed = new Map(command.acls.filter((acl) => acls.has(aclKey(acl))).map((acl) => [aclKey(acl), acl]))
  if (removed.size === 0) return unchanged(state)
  const gone = new Map([...removed.keys()].map((key) => [key, null]))
  return changed(state, command, { acls: gone }, aclsText([...removed.values()]))
}

function setQuota(state: MetadataTables, command: SetQuota): Change {
  const { quota } = command
  const { quotas } = state.security
  const key = quotaKey(quota.entity)
  if (!quotas.has(key) && quotas.size >= MOST_QUOTAS) return refused('TOO_MANY_QUOTAS', `There are ${quotas.size}.`)
  return changed(state, command, { quotas: new Map([[key, quota]]) }, [entityText(quota.entity), limitsText(quota)])
}

function removeQuota(state: MetadataTables, command: RemoveQuota): Change {
  const key = quotaKey(command.entity)
  if (!state.security.quotas.has(key)) return refused('UNKNOWN_QUOTA', `For ${entityText(command.entity)}.`)
  return changed(state, command, { quotas: new Map([[key, null]]) }, [entityText(command.entity), ''])
}

function unchanged(state: MetadataTables): Change {
  return { result: { ok: true, index: state.head.appliedIndex } }
}

function changed(
  state: MetadataTables,
  { type, at, broker, by }: SecurityCommand,
  security: SecurityChange,
  [target, detail]: readonly [string, string],
): Change {
  const index = state.head.appliedIndex
  state.security.change(index, security)
  const audit: AuditRecord = { at, broker, by, action: type, target, detail: detail.slice(0, MOST_DETAIL) }
  return { result: { ok: true, index }, security, audit }
}

const MOST_SHOWN = 20
const MOST_DETAIL = 1000

function namesText(names: readonly string[], expired: boolean): string {
  const more = names.length > MOST_SHOWN ? ` and ${names.length - MOST_SHOWN} more` : ''
  return `${expired ? 'expired: ' : ''}${names.slice(0, MOST_SHOWN).join(', ')}${more}`
}

function limitsText({ limits }: Quota): string {
  return Object.entries(limits)
    .map(([kind, limit]) => `${kind} ${limit}`)
    .join(', ')
}

function aclsText(acls: readonly Acl[]): readonly [string, string] {
  const texts = acls.slice(0, MOST_SHOWN).map(aclText)
  const more = acls.length > MOST_SHOWN ? [`${acls.length - MOST_SHOWN} more`] : []
  return [acls.length === 1 ? '1 rule' : `${acls.length} rules`, [...texts, ...more].join('; ')]
}

function aclText({ principal, host, operation, permission, resource }: Acl): string {
  return `${permission} ${principal} from ${host} ${operation} on ${patternText(resource)}`
}

function patternText({ type, name, pattern }: ResourcePattern): string {
  return `${type} ${name}${pattern === 'prefixed' ? '*' : ''}`
}

function tokenText({ principal, scope, expiresAt }: StoredToken): string {
  const until = expiresAt === null ? 'without an end' : `until ${new Date(expiresAt).toISOString()}`
  return `for ${principal}, ${until}, ${scope === null ? 'all that it may do' : scopeText(scope)}`
}

function scopeText({ operations, resources }: TokenScope): string {
  return `${operations.join(', ')} on ${resources.slice(0, MOST_SHOWN).map(patternText).join(', ')}`
}
