import type { EntityFields, LimitFields } from '@tailrace/schemas'
import type { Quota, QuotaEntity } from '../../api/quotas.ts'
import { orderedQuota } from './quota.ts'

/** The empty text stands for null: no name is empty. */
export function entityFields({ principal, clientId, address }: QuotaEntity): EntityFields {
  return { principal: principal ?? '', clientId: clientId ?? '', address: address ?? '' }
}

export function entityOf({ principal, clientId, address }: EntityFields): QuotaEntity {
  const named = (text: string) => (text === '' ? null : text)
  return { principal: named(principal), clientId: named(clientId), address: named(address) }
}

export function quotaFields({ entity, limits }: Quota): { entity: EntityFields; limits: LimitFields[] } {
  return { entity: entityFields(entity), limits: Object.entries(limits).map(([kind, limit]) => ({ kind, limit })) }
}

/** A limit that is named twice gives a quota without any, which is refused; so does one that this broker lacks. */
export function quotaOf(entity: EntityFields, limits: readonly LimitFields[]): Quota {
  const named = Object.fromEntries(limits.map(({ kind, limit }) => [kind, limit]))
  const quota = orderedQuota({ entity: entityOf(entity), limits: named })
  return Object.keys(quota.limits).length === limits.length ? quota : { ...quota, limits: {} }
}
