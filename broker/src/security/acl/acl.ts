import type { Acl, AclFilter, Operation, ResourcePattern } from '../../api/security-api.ts'

/** Two rules with the same key are the same rule. */
export function aclKey({ principal, host, operation, permission, resource }: Acl): string {
  const { type, pattern, name } = resource
  return JSON.stringify([type, pattern, name, principal, host, operation, permission])
}

export function matchesFilter(acl: Acl, filter: AclFilter): boolean {
  const flat = { ...acl.resource, principal: acl.principal, host: acl.host, operation: acl.operation }
  const found: Required<AclFilter> = { ...flat, permission: acl.permission }
  return (Object.keys(filter) as (keyof AclFilter)[]).every(
    (field) => filter[field] === undefined || filter[field] === found[field],
  )
}

/** Whether a pattern covers the name of a resource of its type. */
export function covers({ pattern, name }: ResourcePattern, wanted: string): boolean {
  return pattern === 'prefixed' ? wanted.startsWith(name) : name === '*' || name === wanted
}

/** Each of these allows to describe as well (KIP-11). */
const impliesDescribe: readonly Operation[] = ['describe', 'read', 'write', 'delete', 'alter']
const impliesDescribeConfigs: readonly Operation[] = ['describe-configs', 'alter-configs']

/** The operations of which each, when allowed, allows this one. */
export function allowedBy(operation: Operation): readonly Operation[] {
  if (operation === 'describe') return impliesDescribe
  return operation === 'describe-configs' ? impliesDescribeConfigs : [operation]
}
