import type { BrokerId } from '@tailrace/schemas'
import type { ClusterDescription } from '../../api/broker-api.ts'

export interface SourceChoice {
  readonly self: BrokerId
  /** Addresses of the setting. */
  readonly given: readonly string[]
  /** Addresses of brokers that were fit to be the source, as remembered. */
  readonly known: readonly string[]
  /** The brokers that the last source named; null: none was asked since the start. */
  readonly cluster: ClusterDescription | null
  /** The level this broker belongs to; 0: not known. */
  readonly home: number
  /** The source that an operator has chosen; 0: none. */
  readonly pinned: BrokerId
  /** How long there has been no source. */
  readonly withoutMs: number
  /** The address of the last source if it did not answer any more; empty, or missing: it was lost otherwise. */
  readonly silent?: string
}

/**
 * For this time only brokers of the level above are asked; afterwards any that is nearer to level 0, since late records
 * are better than none.
 */
const patienceMs = 10_000

/**
 * The brokers to ask to be the source, in this order: the operator's choice, addresses of the setting that no broker
 * tells as its own, living brokers of the level above in an order that each broker has another of, the other
 * addresses of the setting, and at last brokers further up, the nearest level first. Each once. A source that has
 * fallen silent is asked after all others: to find that it still is takes seconds.
 */
export function sourceCandidates(choice: SourceChoice): string[] {
  const { self, given, known, cluster, home, pinned, withoutMs, silent = '' } = choice
  const others = (cluster?.brokers ?? []).filter(({ id, http, alive }) => id !== self && http !== '' && alive)
  const chosen = others.filter(({ id }) => id === pinned && pinned !== 0)
  const above = home === 0 ? [] : inOwnOrder(self, others, home - 1)
  const further = home === 0 || withoutMs < patienceMs ? [] : others.filter(({ level }) => level < home - 1)
  further.sort((a, b) => b.level - a.level)
  const addresses = (brokers: readonly { http: string }[]): string[] => brokers.map(({ http }) => http)
  const told = new Set(home === 0 ? [] : (cluster?.brokers ?? []).map(({ http }) => http))
  const untold = given.filter((address) => !told.has(address))
  const all = [...addresses(chosen), ...untold, ...addresses(above), ...given, ...known, ...addresses(further)]
  const candidates = [...new Set(all)]
  return [...candidates.filter((address) => address !== silent), ...candidates.filter((address) => address === silent)]
}

/** Brokers that may be the source of one that belongs to `home`, to be remembered. */
export function fitSources(cluster: ClusterDescription, home: number, self: BrokerId): string[] {
  const others = cluster.brokers.filter(({ id, http, alive }) => id !== self && http !== '' && alive)
  return inOwnOrder(self, others, home - 1)
    .slice(0, maxKnown)
    .map(({ http }) => http)
}

/** Brokers that lose one source together spread over the others: each puts those of this level in another order. */
function inOwnOrder<T extends ClusterDescription['brokers'][number]>(
  self: BrokerId,
  brokers: readonly T[],
  level: number,
): T[] {
  const fit = brokers.filter((broker) => broker.level === level)
  return fit.sort((a, b) => mixed(self, a.id) - mixed(self, b.id) || a.id - b.id)
}

/** A number that looks random, always the same for the same two. */
function mixed(a: number, b: number): number {
  let mix = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b)
  mix = Math.imul(mix ^ (mix >>> 16), 0x21f0aaad)
  mix = Math.imul(mix ^ (mix >>> 15), 0x735a2d97)
  return (mix ^ (mix >>> 15)) >>> 0
}

const maxKnown = 100
