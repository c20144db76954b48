import { quotaKinds } from '../../api/quotas.ts'
import { object } from './schema-parts.ts'

/** JSON schemas of quotas; the shapes are those of api/quotas.ts. */

const named = (what: string) => ({ type: ['string', 'null'], maxLength: 300, description: what }) as const
const principal = named('"User:alice", for example; "*": each one by itself that no other quota names.')
const clientId = named('The name that a client gives itself, or "*".')
const address = named('The client\'s IP address, or "*"; of IPv6 its first 64 bits count.')
const limit = { type: 'integer', minimum: 1 } as const

const entity = { $id: 'QuotaEntity', ...object({ principal, clientId, address }) }
const limits = {
  $id: 'QuotaLimits',
  minProperties: 1,
  ...object(Object.fromEntries(quotaKinds.map((kind) => [kind, limit])), quotaKinds),
}
const quota = {
  $id: 'Quota',
  ...object({ entity: { $ref: 'QuotaEntity#' }, limits: { $ref: 'QuotaLimits#' } }),
}

export const quotaSchemas: readonly object[] = [entity, limits, quota]

const fields = { principal, clientId, address }
export const quotaBody = object({ entity: object(fields, Object.keys(fields)), limits: { $ref: 'QuotaLimits#' } })

const name = { type: 'string', minLength: 1, maxLength: 300 } as const
export const entityQuery = object({ principal: name, clientId: name, address: name }, Object.keys(fields))
