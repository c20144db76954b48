import { isClientId } from '@tailrace/schemas'
import type { Quota, QuotaEntity, QuotaKind, QuotaLimits } from '../../api/quotas.ts'
import { EACH, quotaFields, quotaKinds } from '../../api/quotas.ts'
import { isHostAddress } from '../acl/acl-checks.ts'
import { isPrincipal } from '../identity/principal.ts'

/** Enough for any rate of bytes, and exact in arithmetic. */
const MOST_LIMIT = 1e15

/** Two quotas with the same key are about the same entity. */
export function quotaKey({ principal, clientId, address }: QuotaEntity): string {
  return JSON.stringify([principal, clientId, address])
}

/** As people read it: `User:alice, client orders, from 10.0.0.1`. */
export function entityText({ principal, clientId, address }: QuotaEntity): string {
  const parts = [
    ...(principal === null ? [] : [principal === EACH ? 'each principal' : principal]),
    ...(clientId === null ? [] : [clientId === EACH ? 'each client id' : `client ${clientId}`]),
    ...(address === null ? [] : [address === EACH ? 'each address' : `from ${address}`]),
  ]
  return parts.join(', ')
}

/** What is wrong with a quota that came from outside, for people; null: nothing. */
export function faultOfQuota(quota: unknown): string | null {
  const { entity, limits } = fieldsOf(quota)
  return faultOfEntity(entity) ?? faultOfLimits(limits)
}

export function faultOfEntity(entity: unknown): string | null {
  const { principal, clientId, address } = fieldsOf(entity)
  if (!isNamed(principal, isPrincipal)) return 'The principal of a quota is "User:NAME", "Cascade:NUMBER" or "*".'
  if (!isNamed(clientId, isClientId)) {
    return 'A client id has 1 to 255 of the characters a-z, A-Z, 0-9 and ._@:/+- and begins with a letter or digit; or it is "*".'
  }
  if (!isNamed(address, isHostAddress)) return 'The address of a quota is an IP address, or "*".'
  if (principal === null && clientId === null && address === null) {
    return `A quota names one of ${quotaFields.join(', ')} at least.`
  }
  return null
}

function faultOfLimits(limits: unknown): string | null {
  const named = Object.entries(fieldsOf(limits))
  if (named.length === 0) return `A quota has one limit at least, of ${quotaKinds.join(', ')}.`
  for (const [kind, value] of named) {
    if (!quotaKinds.includes(kind as QuotaKind)) return `The limits of a quota are ${quotaKinds.join(', ')}.`
    if (!(Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= MOST_LIMIT)) {
      return `The limit ${kind} is a whole number from 1 to ${MOST_LIMIT}.`
    }
  }
  return null
}

/** With its fields in one order, so that all brokers store the same bytes. */
export function orderedQuota({ entity: { principal, clientId, address }, limits }: Quota): Quota {
  const known = quotaKinds.filter((kind) => limits[kind] !== undefined)
  return {
    entity: { principal, clientId, address },
    limits: Object.fromEntries(known.map((kind) => [kind, limits[kind]])) as QuotaLimits,
  }
}

function isNamed(value: unknown, isName: (value: string) => boolean): boolean {
  return value === null || value === EACH || (typeof value === 'string' && isName(value))
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}
