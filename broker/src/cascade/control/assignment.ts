import type { BrokerId } from '@tailrace/schemas'
import { Ranking } from './ranking.ts'

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
  /** Its work for clients, in cascade brokers: 2 costs as much as two of them. Default: 0. */
  readonly otherLoad?: number
  /** It keeps the brokers that it has, and gets no more. Default: false. */
  readonly closed?: boolean
  /** It is late: its brokers move to others of its level. It gets no more. Default: false. */
  readonly slow?: boolean
}

interface AssignmentBounds {
  /** On each level so many brokers at most get another source while theirs lives. Default: as many as are needed. */
  readonly maxMoves?: number
}

/** Loads that differ by less, as a share of their mean, count as equal. */
const EQUAL_SHARE = 0.1

/**
 * A source for each seeker (M89), a pure function: brokers of one level are spread over the living brokers of the level
 * above with as few moves as possible. Where those have the same load otherwise, their numbers differ by one at most;
 * else the sums differ by 10 % and one at most, so that a figure that varies a little moves nobody. An operator's
 * choice stands while that source lives, and counts. A broker without a source of its level is left out: it keeps the
 * source that it has. Takes O(n log n) time.
 */
export function assignSources(
  seekers: readonly Seeker[],
  sources: readonly Source[],
  bounds: AssignmentBounds = {},
): Map<BrokerId, BrokerId> {
  const assigned = new Map<BrokerId, BrokerId>()
  const living = new Set(sources.map(({ broker }) => broker))
  const pins = new Map<BrokerId, number>()
  for (const { broker, pinned } of seekers) {
    if (!living.has(pinned)) continue
    assigned.set(broker, pinned)
    pins.set(pinned, (pins.get(pinned) ?? 0) + 1)
  }
  const levels = new Set(seekers.map(({ home }) => home))
  for (const level of levels) {
    if (level < 1) continue
    const free = seekers.filter(({ broker, home }) => home === level && !assigned.has(broker))
    const above = sources.filter((source) => source.level === level - 1)
    if (above.length > 0) new Spread(above, pins, free).into(assigned, bounds.maxMoves ?? Infinity)
  }
  return assigned
}

/** A source with what it has to do. */
interface Place {
  readonly broker: BrokerId
  readonly slow: boolean
  /** In cascade brokers, those of them that may not be moved included. */
  load: number
  readonly movable: BrokerId[]
}

/** The brokers of one level, over their sources. */
class Spread {
  readonly #places: ReadonlyMap<BrokerId, Place>
  /** Those that may get more; all where none may. */
  readonly #open: readonly Place[]
  readonly #homeless: BrokerId[] = []
  /** Loads may differ by so much. */
  readonly #tolerance: number
  readonly #lightest: Ranking<Place>
  readonly #heaviest: Ranking<Place>

  constructor(sources: readonly Source[], pins: ReadonlyMap<BrokerId, number>, free: readonly Seeker[]) {
    const open = openOf(sources)
    const others = open.map(({ otherLoad = 0 }) => otherLoad)
    const least = others.reduce((a, b) => Math.min(a, b))
    const children = free.length + sources.reduce((sum, { broker }) => sum + (pins.get(broker) ?? 0), 0)
    const mean = (sumOf(others) + children) / open.length
    const equal = Math.max(1, EQUAL_SHARE * mean)
    const excess = ({ otherLoad = 0 }: Source): number => Math.max(0, otherLoad - least - equal)
    this.#tolerance = open.every((source) => excess(source) === 0) ? 1 : 1 + equal
    const places = sources.map(({ broker, slow = false, ...source }): [BrokerId, Place] => {
      const load = excess({ broker, ...source }) + (pins.get(broker) ?? 0)
      return [broker, { broker, slow, load, movable: [] }]
    })
    this.#places = new Map(places)
    this.#open = open.map(({ broker }) => this.#places.get(broker)!)
    for (const { broker, source } of [...free].sort((a, b) => a.broker - b.broker)) {
      const place = this.#places.get(source)
      if (place === undefined) this.#homeless.push(broker)
      else put(broker, place)
    }
    this.#lightest = new Ranking(this.#open, 'least')
    this.#heaviest = new Ranking(this.#open, 'most')
  }

  into(assigned: Map<BrokerId, BrokerId>, maxMoves: number): void {
    for (const broker of this.#homeless) this.#give(broker)
    let moves = this.#leaveSlow(maxMoves)
    while (moves < maxMoves && this.#even()) moves++
    for (const { broker: source, movable } of this.#places.values())
      for (const broker of movable) assigned.set(broker, source)
  }

  #leaveSlow(maxMoves: number): number {
    let moves = 0
    // Where none is better, all stay.
    if (this.#open.some(({ slow }) => slow)) return moves
    for (const place of this.#places.values()) {
      while (place.slow && moves < maxMoves && place.movable.length > 0) {
        this.#give(place.movable.pop()!)
        moves++
      }
    }
    return moves
  }

  /** Moves a broker from the source that has most to do to the one that has least; false: they are even. */
  #even(): boolean {
    const from = this.#heaviest.first(({ movable }) => movable.length > 0)
    const to = this.#lightest.first()!
    if (from === undefined || from.load - to.load <= this.#tolerance) return false
    from.load--
    const broker = from.movable.pop()!
    this.#changed(from)
    this.#give(broker)
    return true
  }

  #give(broker: BrokerId): void {
    const place = this.#lightest.first()!
    put(broker, place)
    this.#changed(place)
  }

  #changed(place: Place): void {
    this.#lightest.changed(place)
    this.#heaviest.changed(place)
  }
}

function openOf(sources: readonly Source[]): readonly Source[] {
  const quick = sources.filter(({ slow }) => slow !== true)
  const open = quick.filter(({ closed }) => closed !== true)
  return [open, quick].find(({ length }) => length > 0) ?? sources
}

function put(broker: BrokerId, place: Place): void {
  place.load++
  place.movable.push(broker)
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0)
}
