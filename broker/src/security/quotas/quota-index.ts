import type { Quota, QuotaEntity, QuotaKind } from '../../api/quotas.ts'
import { EACH, quotaFields } from '../../api/quotas.ts'
import { entityText } from './quota.ts'

/** Whose quota is asked for. */
export interface Asker {
  readonly principal: string
  /** Empty: the client has given none. All that have none count as one client. */
  readonly clientId: string
  readonly address: string
}

/** The limit that holds for an asker. */
export interface FoundLimit {
  readonly kind: QuotaKind
  readonly limit: number
  /** All askers with the same key share the limit. */
  readonly key: string
  /** For people. */
  readonly entity: string
}

/** What a quota says of each field: 0 names one, 1 is about each by itself, 2 does not matter. */
type Shape = readonly [principal: number, clientId: number, address: number]

interface Table {
  /** Those that occur, the most specific first; 26 at most. */
  shapes: Shape[]
  readonly limits: Map<string, number>
}

/**
 * Quotas in the order in which they are asked: for each kind of limit the most specific quota that has one holds. One
 * that names the principal comes before one for each principal, that before one for any; among these the client id
 * decides likewise, then the address (KIP-13 and KIP-124, with the address behind).
 */
export class QuotaIndex {
  readonly #tables = new Map<QuotaKind, Table>()

  /** `addressOf`: the form in which the addresses of askers are. */
  constructor(quotas: Iterable<Quota>, addressOf: (address: string) => string) {
    for (const { entity, limits } of quotas) {
      const { principal, clientId, address } = entity
      const known = {
        principal,
        clientId,
        address: address === null || address === EACH ? address : addressOf(address),
      }
      for (const [kind, limit] of Object.entries(limits)) this.#add(kind as QuotaKind, known, limit)
    }
    for (const table of this.#tables.values()) table.shapes.sort(moreSpecificFirst)
  }

  get isEmpty(): boolean {
    return this.#tables.size === 0
  }

  /** Null: no quota limits it. Brokers of a cascade copy for all their readers: a quota holds only if it names them. */
  find(kind: QuotaKind, asker: Asker): FoundLimit | null {
    const table = this.#tables.get(kind)
    if (table === undefined) return null
    const isBroker = !asker.principal.startsWith('User:')
    for (const shape of table.shapes) {
      if (isBroker && shape[0] !== 0) continue
      const limit = table.limits.get(keyOf(shape, asker))
      if (limit !== undefined) return found(kind, limit, shape, asker)
    }
    return null
  }

  #add(kind: QuotaKind, entity: QuotaEntity, limit: number): void {
    let table = this.#tables.get(kind)
    if (table === undefined) this.#tables.set(kind, (table = { shapes: [], limits: new Map() }))
    const shape = quotaFields.map((field) => rankOf(entity[field])) as unknown as Shape
    if (!table.shapes.some((other) => moreSpecificFirst(other, shape) === 0)) table.shapes.push(shape)
    const named = { principal: entity.principal ?? '', clientId: entity.clientId ?? '', address: entity.address ?? '' }
    table.limits.set(keyOf(shape, named), limit)
  }
}

function found(kind: QuotaKind, limit: number, shape: Shape, asker: Asker): FoundLimit {
  const meant = (at: number, value: string): string | null => (shape[at] === 2 ? null : value)
  const entity = {
    principal: meant(0, asker.principal),
    clientId: meant(1, asker.clientId),
    address: meant(2, asker.address),
  }
  return { kind, limit, key: JSON.stringify([kind, ...Object.values(entity)]), entity: entityText(entity) }
}

function rankOf(name: string | null): number {
  return name === null ? 2 : name === EACH ? 1 : 0
}

function moreSpecificFirst(a: Shape, b: Shape): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2]
}

/** Of the quota with this shape that is about the asker. */
function keyOf(shape: Shape, asker: Asker): string {
  const part = (at: number, value: string): string | number => (shape[at] === 0 ? value : shape[at]!)
  return JSON.stringify([part(0, asker.principal), part(1, asker.clientId), part(2, asker.address)])
}
