import type { TokenDescription, TokenRequest, TokenScope } from '../../api/security-api.ts'
import { duration } from '../../config/setting-kinds.ts'
import { UsageError } from '../command-failure.ts'
import { table } from '../table.ts'
import type { Asking } from './group-commands.ts'
import type { ResourceFlags } from './resource-flags.ts'
import { allResources, parseOperations, patternText, principalOf, resourcesOf } from './resource-flags.ts'

export interface TokenFlags extends ResourceFlags {
  readonly principal: string
  readonly operations?: string
  readonly expires: string
}

const lifetimes = duration(1, Number.MAX_SAFE_INTEGER)

/** The text of the token alone goes to standard output, so that a script can keep it. */
export async function createToken(flags: TokenFlags, { admin, json, terminal }: Asking): Promise<void> {
  const created = await admin.request('POST', '/security/tokens', requestOf(flags))
  const { token, description } = created as { token: string; description: TokenDescription }
  if (json) {
    terminal.print(JSON.stringify(created))
    return
  }
  const { id, principal, scope, expiresAt } = description
  const until = expiresAt === null ? 'until it is revoked' : `until ${new Date(expiresAt).toISOString()}`
  terminal.complain(`token ${id} for ${principal}, valid ${until}: ${scopeText(scope)}`)
  terminal.complain('Keep its text now: the cluster does not know it and will not show it again.')
  terminal.print(token)
}

export async function listTokens({ admin, json, terminal }: Asking): Promise<void> {
  const { tokens } = (await admin.request('GET', '/security/tokens')) as { tokens: TokenDescription[] }
  terminal.print(json ? JSON.stringify(tokens) : tokensText(tokens, terminal.width))
}

export async function revokeToken(id: string, { admin, json, terminal }: Asking): Promise<void> {
  await admin.request('DELETE', `/security/tokens/${encodeURIComponent(id)}`)
  terminal.print(json ? JSON.stringify({ revoked: id }) : `revoked token ${id}`)
}

/** @throws UsageError */
function requestOf({ principal, operations, expires, ...flags }: TokenFlags): TokenRequest {
  const lifetimeMs = expires === 'never' ? null : lifetimes.read(expires)
  if (lifetimeMs === undefined) {
    throw new UsageError(`--expires is ${JSON.stringify(expires)}, but must be a duration like 24h or 30d, or never`)
  }
  const resources = resourcesOf(flags)
  const scoped = operations !== undefined || resources.length > 0
  const scope: TokenScope | null = scoped
    ? {
        operations: operations === undefined ? ['all'] : parseOperations(operations),
        resources: resources.length === 0 ? allResources : resources,
      }
    : null
  return { principal: principalOf(principal), scope, lifetimeMs }
}

function tokensText(tokens: readonly TokenDescription[], width: number): string {
  if (tokens.length === 0) return 'There are no tokens.'
  return table(
    tokens,
    [
      { title: 'ID', of: ({ id }) => id },
      { title: 'PRINCIPAL', of: ({ principal }) => principal },
      { title: 'EXPIRES', of: ({ expiresAt }) => (expiresAt === null ? 'never' : new Date(expiresAt).toISOString()) },
      { title: 'CREATED', of: ({ createdAt }) => new Date(createdAt).toISOString() },
      { title: 'BY', of: ({ createdBy }) => createdBy },
      { title: 'SCOPE', of: ({ scope }) => scopeText(scope) },
    ],
    width,
  )
}

function scopeText(scope: TokenScope | null): string {
  if (scope === null) return 'all that its principal may do'
  return `${scope.operations.join(', ')} on ${scope.resources.map(patternText).join(', ')}`
}
