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
}

/**
 * For this time only brokers of the level above are asked; afterwards any that is nearer to level 0, since late records
 * are better than none.
 */
const patienceMs = 10_000

/**
 * The brokers to ask to be the source, in this order: the operator's choice, the addresses of the setting, others of
 * the level above, and at last brokers further up, the nearest level first. Each once.
 */
export function sourceCandidates(choice: SourceChoice): string[] {
  const { self, given, known, cluster, home, pinned, withoutMs } = choice
  const others = (cluster?.brokers ?? []).filter(({ id, http, alive }) => id !== self && http !== '' && alive)
  const chosen = others.filter(({ id }) => id === pinned && pinned !== 0)
  const above = home === 0 ? [] : others.filter(({ level }) => level === home - 1)
  const further = home === 0 || withoutMs < patienceMs ? [] : others.filter(({ level }) => level < home - 1)
  further.sort((a, b) => b.level - a.level)
  const addresses = (brokers: readonly { http: string }[]): string[] => brokers.map(({ http }) => http)
  return [...new Set([...addresses(chosen), ...given, ...addresses(above), ...known, ...addresses(further)])]
}

/** Brokers that may be the source of one that belongs to `home`, to be remembered. */
export function fitSources(cluster: ClusterDescription, home: number, self: BrokerId): string[] {
  const fit = cluster.brokers.filter(
    ({ id, http, level, alive }) => level === home - 1 && id !== self && http !== '' && alive,
  )
  return fit.slice(0, maxKnown).map(({ http }) => http)
}

const maxKnown = 100
