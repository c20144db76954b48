import type { Acl, ResourcePattern, TokenScope } from '../../api/security-api.ts'
import { CLUSTER_NAME, operations, resourceTypes } from '../../api/security-api.ts'
import { ANONYMOUS, EVERYBODY, isPrincipalName, principalKinds } from '../identity/principal.ts'

/** As long as the name of a topic (Kafka's limit); names of groups and transactions are as long as of principals. */
const topicNames = /^[A-Za-z0-9._-]{1,249}$/
const MOST_NAME_CHARACTERS = 255
/** An address of IPv4 or IPv6 as text. */
const addresses = /^(?=.*[.:])[0-9A-Fa-f.:]{2,45}$/
const MOST_SCOPED_RESOURCES = 100

/** What is wrong with a rule that came from outside, for people; null: nothing. */
export function faultOfAcl(acl: unknown): string | null {
  const { principal, host, operation, permission, resource } = fieldsOf<Acl>(acl)
  if (!isRulePrincipal(principal)) {
    return 'The principal of a rule is "User:NAME", "User:*", "Group:NAME" or "Cascade:NUMBER".'
  }
  if (host !== '*' && !isHostAddress(host)) {
    return 'The host of a rule is an IP address, or "*" for all.'
  }
  if (!isOneOf(operations, operation)) return `The operation of a rule is one of ${operations.join(', ')}.`
  if (permission !== 'allow' && permission !== 'deny') return 'The permission of a rule is allow or deny.'
  return faultOfPattern(resource)
}

export function isHostAddress(value: unknown): value is string {
  return typeof value === 'string' && addresses.test(value)
}

export function faultOfPattern(resource: unknown): string | null {
  const { type, name, pattern } = fieldsOf<ResourcePattern>(resource)
  if (!isOneOf(resourceTypes, type)) return `The type of a resource is one of ${resourceTypes.join(', ')}.`
  if (pattern !== 'literal' && pattern !== 'prefixed') return 'A resource is named literally, or by a prefix.'
  if (pattern === 'literal' && name === '*') return null
  if (type === 'cluster') {
    return name === CLUSTER_NAME && pattern === 'literal' ? null : `The cluster is named "${CLUSTER_NAME}".`
  }
  if (typeof name !== 'string') return 'A resource has a name.'
  if (type === 'topic') return topicNames.test(name) ? null : 'The name of the resource is no name of a topic.'
  return isText(name, MOST_NAME_CHARACTERS) ? null : `A name has 1 to ${MOST_NAME_CHARACTERS} characters that print.`
}

/** Of what a token narrows its principal to; null stands for no scope, and is sound. */
export function faultOfScope(scope: unknown): string | null {
  if (scope === null) return null
  const { operations: named, resources } = fieldsOf<TokenScope>(scope)
  if (!Array.isArray(named) || named.length === 0 || new Set(named).size !== named.length) {
    return 'A scope names at least one operation, each once.'
  }
  if (!named.every((one) => isOneOf(operations, one))) return `Operations are ${operations.join(', ')}.`
  if (!Array.isArray(resources) || resources.length === 0 || resources.length > MOST_SCOPED_RESOURCES) {
    return `A scope names 1 to ${MOST_SCOPED_RESOURCES} resources.`
  }
  const fault = resources.reduce<string | null>((found, one) => found ?? faultOfPattern(one), null)
  if (fault !== null) return fault
  const keys = new Set(resources.map(({ type, name, pattern }: ResourcePattern) => `${type} ${pattern} ${name}`))
  return keys.size === resources.length ? null : 'A scope names each resource once.'
}

/** Of a user or a cascade broker: a principal that can have a credential of this cluster. */
export function isCredentialPrincipal(value: unknown): value is string {
  const [kind, name] = partsOf(value)
  return (kind === 'User' || kind === 'Cascade') && isPrincipalName(name) && value !== ANONYMOUS
}

function isRulePrincipal(value: unknown): value is string {
  const [kind, name] = partsOf(value)
  return value === EVERYBODY || (isOneOf([...principalKinds, 'Group'], kind) && isPrincipalName(name))
}

function partsOf(value: unknown): readonly [string, string] {
  if (typeof value !== 'string') return ['', '']
  const at = value.indexOf(':')
  return at < 0 ? ['', ''] : [value.slice(0, at), value.slice(at + 1)]
}

/** Text that every broker stores as the same bytes, and that a line can show. */
function isText(value: string, most: number): boolean {
  return value.length >= 1 && value.length <= most && value.isWellFormed() && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(value)
}

function isOneOf(known: readonly string[], value: unknown): boolean {
  return known.includes(value as string)
}

function fieldsOf<Shape>(value: unknown): Partial<Record<keyof Shape, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Partial<Record<keyof Shape, unknown>>) : {}
}
