import { EACH, type Quota, type QuotaEntity, type QuotaKind, type QuotaLimits } from '../../api/quotas.ts'
import { bytes, integer, type SettingKind } from '../../config/setting-kinds.ts'
import { UsageError } from '../command-failure.ts'
import { grouped, sizeText } from '../quantity.ts'
import { table } from '../table.ts'
import type { Asking } from './group-commands.ts'
import { principalOf } from './resource-flags.ts'

export interface EntityFlags {
  readonly principal?: string
  readonly clientId?: string
  readonly address?: string
}
export interface LimitFlags {
  readonly produce?: string
  readonly fetch?: string
  readonly requests?: string
  readonly connections?: string
  readonly subscriptions?: string
  readonly topicsPerHour?: string
  readonly partitionsPerHour?: string
}

const MOST = 1e15
const limitFlags: readonly (readonly [keyof LimitFlags, flag: string, QuotaKind, SettingKind<number>])[] = [
  ['produce', '--produce', 'produceBytesPerSecond', bytes(1, MOST)],
  ['fetch', '--fetch', 'fetchBytesPerSecond', bytes(1, MOST)],
  ['requests', '--requests', 'requestsPerSecond', integer(1, MOST)],
  ['connections', '--connections', 'connections', integer(1, MOST)],
  ['subscriptions', '--subscriptions', 'subscriptions', integer(1, MOST)],
  ['topicsPerHour', '--topics-per-hour', 'topicsPerHour', integer(1, MOST)],
  ['partitionsPerHour', '--partitions-per-hour', 'partitionsPerHour', integer(1, MOST)],
]

export async function setQuota(flags: EntityFlags & LimitFlags, { admin, json, terminal }: Asking): Promise<void> {
  const quota: Quota = { entity: entityOf(flags), limits: limitsOf(flags) }
  await admin.request('PUT', '/security/quotas', quota)
  terminal.print(json ? JSON.stringify(quota) : quotasText([quota], terminal.width))
}

export async function listQuotas({ admin, json, terminal }: Asking): Promise<void> {
  const { quotas } = (await admin.request('GET', '/security/quotas')) as { quotas: Quota[] }
  terminal.print(
    json ? JSON.stringify(quotas) : quotas.length === 0 ? 'There are no quotas.' : quotasText(quotas, terminal.width),
  )
}

export async function removeQuota(flags: EntityFlags, { admin, json, terminal }: Asking): Promise<void> {
  const entity = entityOf(flags)
  const named = Object.entries(entity).filter(([, name]) => name !== null) as [string, string][]
  await admin.request('DELETE', `/security/quotas?${new URLSearchParams(named)}`)
  terminal.print(json ? JSON.stringify({ removed: entity }) : 'removed the quota')
}

/** @throws UsageError */
function entityOf({ principal, clientId, address }: EntityFlags): QuotaEntity {
  if (principal === undefined && clientId === undefined && address === undefined) {
    throw new UsageError(
      'say whom the quota is about, like --principal alice, --client-id loader or --address 10.0.0.1',
    )
  }
  const named = principal === undefined ? null : principal === EACH ? EACH : principalOf(principal)
  return { principal: named, clientId: clientId ?? null, address: address ?? null }
}

/** @throws UsageError */
function limitsOf(flags: LimitFlags): QuotaLimits {
  const limits: { [Kind in QuotaKind]?: number } = {}
  for (const [name, flag, kind, reader] of limitFlags) {
    const given = flags[name]
    if (given === undefined) continue
    const limit = reader.read(given)
    if (limit === undefined) throw new UsageError(`${flag} is ${JSON.stringify(given)}, but must be ${reader.valid}`)
    limits[kind] = limit
  }
  if (Object.keys(limits).length === 0) {
    throw new UsageError(`give a limit at least: ${limitFlags.map(([, flag]) => flag).join(', ')}`)
  }
  return limits
}

function quotasText(quotas: readonly Quota[], width: number): string {
  const named = (name: string | null) => name ?? '-'
  return table(
    quotas,
    [
      { title: 'PRINCIPAL', of: ({ entity }) => named(entity.principal) },
      { title: 'CLIENT ID', of: ({ entity }) => named(entity.clientId) },
      { title: 'ADDRESS', of: ({ entity }) => named(entity.address) },
      { title: 'LIMITS', of: ({ limits }) => limitsText(limits) },
    ],
    width,
  )
}

const units: Readonly<Record<QuotaKind, (limit: number) => string>> = {
  produceBytesPerSecond: (limit) => `produce ${sizeText(limit)}/s`,
  fetchBytesPerSecond: (limit) => `fetch ${sizeText(limit)}/s`,
  requestsPerSecond: (limit) => `${grouped(limit)} requests/s`,
  connections: (limit) => `${grouped(limit)} connections`,
  subscriptions: (limit) => `${grouped(limit)} subscriptions`,
  topicsPerHour: (limit) => `${grouped(limit)} new topics/h`,
  partitionsPerHour: (limit) => `${grouped(limit)} new partitions/h`,
}

function limitsText(limits: QuotaLimits): string {
  const known = Object.entries(limits) as [QuotaKind, number][]
  return known.map(([kind, limit]) => units[kind](limit)).join(', ')
}
