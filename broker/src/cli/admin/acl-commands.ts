import type { AccessAnswer, Acl, AclFilter } from '../../api/security-api.ts'
import { UsageError } from '../command-failure.ts'
import { plural } from '../quantity.ts'
import { table } from '../table.ts'
import type { Asking } from './group-commands.ts'
import type { ResourceFlags } from './resource-flags.ts'
import { parseOperations, patternText, principalOf, resourcesOf } from './resource-flags.ts'

export interface AclFlags extends ResourceFlags {
  readonly principal?: string
  readonly host?: string
  readonly operations?: string
  readonly allow?: true
  readonly deny?: true
}

/** One rule for each operation on each resource. */
export async function addAcls(flags: AclFlags & { readonly principal: string }, asking: Asking): Promise<void> {
  const { admin, json, terminal } = asking
  const resources = resourcesOf(flags)
  if (resources.length === 0) {
    throw new UsageError("name what the rule is about: --topics 'orders.*', --groups, --transactional-ids or --cluster")
  }
  if (flags.operations === undefined) throw new UsageError('--operations is missing, like --operations read,describe')
  const { host = '*' } = flags
  const [principal, permission] = [principalOf(flags.principal), flags.deny ? 'deny' : 'allow'] as const
  const acls = parseOperations(flags.operations).flatMap((operation) => {
    return resources.map((resource): Acl => ({ principal, host, operation, permission, resource }))
  })
  await admin.request('POST', '/security/acls', { acls })
  terminal.print(
    json ? JSON.stringify(acls) : `${plural(acls.length, 'rule')} in force:\n${aclsText(acls, terminal.width)}`,
  )
}

export async function listAcls(flags: AclFlags, { admin, json, terminal }: Asking): Promise<void> {
  const acls = await each(filtersOf(flags), async (query) => {
    return ((await admin.request('GET', `/security/acls${query}`)) as { acls: Acl[] }).acls
  })
  terminal.print(
    json ? JSON.stringify(acls) : acls.length === 0 ? 'There are no such rules.' : aclsText(acls, terminal.width),
  )
}

/** Exactly the rules that match each flag. */
export async function removeAcls(flags: AclFlags, { admin, json, terminal }: Asking): Promise<void> {
  const filters = filtersOf(flags)
  if (filters.some((filter) => Object.keys(filter).length === 0)) {
    throw new UsageError('say which rules are to go, like --principal alice, or --topics orders')
  }
  const removed = await each(filters, async (query) => {
    return ((await admin.request('DELETE', `/security/acls${query}`)) as { acls: Acl[] }).acls
  })
  if (json) terminal.print(JSON.stringify(removed))
  else if (removed.length === 0) terminal.print('There were no such rules.')
  else terminal.print(`${plural(removed.length, 'rule')} removed:\n${aclsText(removed, terminal.width)}`)
}

/** Resolves with whether it is allowed. */
export async function testAccess(
  flags: AclFlags & { readonly principal: string; readonly memberOf?: string },
  { admin, json, terminal }: Asking,
): Promise<boolean> {
  const [resource, ...others] = resourcesOf(flags)
  if (resource === undefined || others.length > 0 || resource.pattern === 'prefixed') {
    throw new UsageError('name one resource, like --topics orders')
  }
  const [operation, ...more] = parseOperations(flags.operations ?? '')
  if (more.length > 0) throw new UsageError('name one operation, like --operations read')
  const groups = (flags.memberOf ?? '').split(',').filter((name) => name !== '')
  const { type, name } = resource
  const question = {
    principal: principalOf(flags.principal),
    groups: groups.map((group) => (group.includes(':') ? group : `Group:${group}`)),
    operation,
    resource: { type, name },
    ...(flags.host === undefined ? {} : { host: flags.host }),
  }
  const answer = (await admin.request('POST', '/security/acls/test', question)) as AccessAnswer
  terminal.print(json ? JSON.stringify(answer) : answerText(answer, terminal.width))
  return answer.allowed
}

const reasons: Readonly<Record<AccessAnswer['because'], string>> = {
  'super-user': 'the principal is a super user',
  everybody: 'clients are not asked for a credential (authentication is off)',
  rule: 'by the rule',
  'no-rule': 'no rule allows it',
}

function answerText({ allowed, because, rule }: AccessAnswer, width: number): string {
  const text = `${allowed ? 'allowed' : 'denied'}: ${reasons[because]}`
  return rule === null ? text : `${text}\n${aclsText([rule], width)}`
}

/** One for each resource and operation that is named. @throws UsageError */
function filtersOf(flags: AclFlags): AclFilter[] {
  const { principal, host, operations, allow, deny } = flags
  if (allow && deny) throw new UsageError('--allow and --deny exclude each other')
  const common: AclFilter = {
    ...(principal === undefined ? {} : { principal: principalOf(principal) }),
    ...(host === undefined ? {} : { host }),
    ...(allow ? { permission: 'allow' } : deny ? { permission: 'deny' } : {}),
  }
  const named = resourcesOf(flags)
  const about: AclFilter[] =
    named.length === 0 ? [{}] : named.map(({ type, name, pattern }) => ({ type, name, pattern }))
  const done: AclFilter[] =
    operations === undefined ? [{}] : parseOperations(operations).map((operation) => ({ operation }))
  return about.flatMap((resource) => done.map((operation) => ({ ...common, ...operation, ...resource })))
}

async function each(filters: readonly AclFilter[], ask: (query: string) => Promise<Acl[]>): Promise<Acl[]> {
  const found: Acl[] = []
  for (const filter of filters) {
    const query = new URLSearchParams(filter as Record<string, string>).toString()
    found.push(...(await ask(query === '' ? '' : `?${query}`)))
  }
  return found
}

function aclsText(acls: readonly Acl[], width: number): string {
  return table(
    acls,
    [
      { title: 'PRINCIPAL', of: ({ principal }) => principal },
      { title: 'HOST', of: ({ host }) => host },
      { title: 'PERMISSION', of: ({ permission }) => permission },
      { title: 'OPERATION', of: ({ operation }) => operation },
      { title: 'RESOURCE', of: ({ resource }) => patternText(resource) },
    ],
    width,
  )
}
