import type { BrokerId, CascadeReport } from '@tailrace/schemas'

/** A broker and those that copy from it. */
export interface CascadeBranch {
  readonly broker: BrokerId
  readonly http: string
  readonly level: number
  /** Missing: it has not been told. */
  readonly rack?: string
  /** How far it is behind its source; missing: a broker of level 0. */
  readonly lagRecords?: number
  readonly lagBytes?: number
  readonly lagMs?: number
  readonly below: readonly CascadeBranch[]
}

export interface CascadeTree {
  readonly brokers: readonly CascadeBranch[]
  /** Cascade brokers that have no source, or an unknown one. */
  readonly withoutSource: readonly CascadeBranch[]
}

/** A broker as a root of the tree, where its level is 0. */
interface Root {
  readonly id: BrokerId
  readonly http: string
  readonly level: number
  readonly rack?: string
}

/** The brokers of level 0 with all that copy from them, as the cascade brokers have reported. */
export function cascadeTreeOf(
  cluster: { readonly brokers: readonly Root[] },
  cascades: readonly CascadeReport[],
): CascadeTree {
  const placed = new Set<BrokerId>()
  const below = (source: BrokerId): CascadeBranch[] => cascades.filter((one) => one.source === source).flatMap(branch)
  const branch = ({ broker, http, level, rack = '', ...report }: CascadeReport): CascadeBranch[] => {
    // Reports of different ages may say that two brokers copy from each other.
    if (placed.has(broker)) return []
    placed.add(broker)
    const { lagRecords, lagBytes, lagMs } = report
    const lag = { lagRecords, lagBytes, lagMs }
    return [{ broker, http, level, ...(rack !== '' && { rack }), ...lag, below: below(broker) }]
  }
  const top = cluster.brokers.filter(({ level }) => level === 0)
  const brokers = top.map(({ id, http, level, rack }) => {
    return { broker: id, http, level, ...(rack !== undefined && { rack }), below: below(id) }
  })
  const known = new Set(cascades.map(({ broker }) => broker))
  const lost = cascades.filter(({ source }) => source === 0 || !known.has(source))
  const withoutSource = [...lost, ...cascades].flatMap(branch)
  return { brokers, withoutSource }
}
