/**
 * Whom a quota is about (as KIP-13, KIP-124 and KIP-612). Each field names one, or is `*`: each one by itself that no
 * other quota names; null: it does not matter. One of them at least is not null.
 */
export interface QuotaEntity {
  /** `User:alice`, or `Cascade:101`. */
  readonly principal: string | null
  /** The name that a client gives itself. */
  readonly clientId: string | null
  /** The client's address; of IPv6 its first 64 bits count. */
  readonly address: string | null
}
export const quotaFields = ['principal', 'clientId', 'address'] as const

/** In a field of an entity: each one by itself that no other quota names. */
export const EACH = '*'

export const quotaKinds = [
  'produceBytesPerSecond',
  'fetchBytesPerSecond',
  'requestsPerSecond',
  'connections',
  'subscriptions',
  'topicsPerHour',
  'partitionsPerHour',
] as const
export type QuotaKind = (typeof quotaKinds)[number]

/** Every broker keeps to them for itself. Absent: the quota says nothing about it. */
export type QuotaLimits = { readonly [Kind in QuotaKind]?: number }

export interface Quota {
  readonly entity: QuotaEntity
  readonly limits: QuotaLimits
}
