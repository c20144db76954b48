import type { BrokerId } from '@tailrace/schemas'

/** A cascade broker that needs a source. */
export interface Seeker {
  readonly broker: BrokerId
  /** The level it belongs to: its source is of the level above. */
  readonly home: number
  /** The source that it has; 0: none. */
  readonly source: BrokerId
  /** Chosen by an operator; 0: free. */
  readonly pinned: BrokerId
}

export interface Source {
  readonly broker: BrokerId
  readonly level: number
}

/**
 * A source for each seeker (M89), a pure function: brokers of one level are spread over the living brokers of the level
 * above so that their numbers differ by one at most, with as few moves as possible. An operator's choice stands while
 * that source lives, and counts. A broker without a source of its level is left out: it keeps the source that it has.
 */
export function assignSources(seekers: readonly Seeker[], sources: readonly Source[]): Map<BrokerId, BrokerId> {
  const assigned = new Map<BrokerId, BrokerId>()
  const living = new Set(sources.map(({ broker }) => broker))
  const pinned = seekers.filter(({ pinned }) => living.has(pinned))
  for (const seeker of pinned) assigned.set(seeker.broker, seeker.pinned)
  const levels = new Set(seekers.map(({ home }) => home))
  for (const level of levels) {
    if (level < 1) continue
    const free = seekers.filter(({ broker, home }) => home === level && !assigned.has(broker))
    const above = sources.filter((source) => source.level === level - 1).map(({ broker }) => broker)
    if (above.length > 0) spread(free, above, assigned)
  }
  return assigned
}

/** `assigned` holds the operators' choices, which count as load but are not moved. */
function spread(free: readonly Seeker[], sources: readonly BrokerId[], assigned: Map<BrokerId, BrokerId>): void {
  const load = new Map<BrokerId, number>(sources.map((source) => [source, 0]))
  for (const source of assigned.values()) if (load.has(source)) load.set(source, load.get(source)! + 1)
  const movable = new Map<BrokerId, BrokerId[]>(sources.map((source) => [source, []]))
  const place = (broker: BrokerId, source: BrokerId): void => {
    load.set(source, load.get(source)! + 1)
    movable.get(source)!.push(broker)
    assigned.set(broker, source)
  }
  const byNumber = [...free].sort((a, b) => a.broker - b.broker)
  for (const { broker, source } of byNumber) if (load.has(source)) place(broker, source)
  for (const { broker, source } of byNumber) if (!load.has(source)) place(broker, least(sources, load))
  for (;;) {
    const from = most(
      sources.filter((source) => movable.get(source)!.length > 0),
      load,
    )
    const to = least(sources, load)
    if (from === undefined || load.get(from)! - load.get(to)! <= 1) return
    load.set(from, load.get(from)! - 1)
    place(movable.get(from)!.pop()!, to)
  }
}

/** Ties go to the lower number, so that the same brokers always give the same answer. */
function least(sources: readonly BrokerId[], load: ReadonlyMap<BrokerId, number>): BrokerId {
  const lighter = (a: BrokerId, b: BrokerId): number => load.get(a)! - load.get(b)! || a - b
  return sources.reduce((best, source) => (lighter(source, best) < 0 ? source : best))
}

function most(sources: readonly BrokerId[], load: ReadonlyMap<BrokerId, number>): BrokerId | undefined {
  const heavier = (a: BrokerId, b: BrokerId): number => load.get(b)! - load.get(a)! || a - b
  return [...sources].sort(heavier)[0]
}
