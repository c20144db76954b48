import type { ClusterState, TopicState } from '../api/answers.ts'

/** A rate is that of this time, up to now. */
const WINDOW_MS = 6000
/** For what is slower than a record in each window. */
const LONG_WINDOW_MS = 60_000
/** With so many records in the long window none in the short one means that it has stopped. */
const MOST_SLOW = 30
/** Between states that are kept beyond the short window. */
const SPARSE_MS = 5000

/** High watermarks of partitions, by the id of their topic: another topic of the same name begins anew. */
interface Ends {
  readonly at: number
  readonly ends: ReadonlyMap<string, readonly number[]>
}

interface Base {
  readonly ends: readonly number[]
  /** Up to now. */
  readonly ms: number
}

/** Records published a second, from the high watermarks of the states of the last minute. */
export class Rates {
  #kept: Ends[] = []

  add({ at, described }: ClusterState): void {
    const ends = described.map(({ id, partitions }) => {
      const marks: number[] = []
      for (const { partition, highWatermark } of partitions) marks[partition] = highWatermark
      return [id, marks] as const
    })
    this.#kept = [...this.#thinned(at), { at, ends: new Map(ends) }]
  }

  /** Null: not known yet. `now`: of the last state, or later where nothing has changed since. */
  partition(topic: TopicState, partition: number, now: number): number | null {
    return this.#of(topic, [partition], now)
  }

  topic(topic: TopicState, now: number): number | null {
    const partitions = topic.partitions.map(({ partition }) => partition)
    return this.#of(topic, partitions, now)
  }

  #of({ id }: TopicState, partitions: readonly number[], now: number): number | null {
    const last = this.#kept.at(-1)?.ends.get(id)
    const [short, long] = [this.#base(id, now, WINDOW_MS), this.#base(id, now, LONG_WINDOW_MS)]
    if (last === undefined || short === null || long === null || short.ms < 500) return null
    return partitions.reduce((sum, at) => {
      const come = last[at]! - short.ends[at]!
      if (come > 0) return sum + (come * 1000) / short.ms
      const slowly = last[at]! - long.ends[at]!
      return slowly > 0 && slowly < MOST_SLOW ? sum + (slowly * 1000) / long.ms : sum
    }, 0)
  }

  /** What was so long ago: the last state before, since a state comes with each change. */
  #base(id: string, now: number, window: number): Base | null {
    const [first] = this.#kept.filter(({ ends }) => ends.has(id))
    if (first === undefined) return null
    const before = this.#kept.findLast(({ at, ends }) => at <= now - window && ends.has(id))
    return { ends: (before ?? first).ends.get(id)!, ms: before === undefined ? now - first.at : window }
  }

  /** Of states beyond the short window some, of those beyond the long one the last. */
  #thinned(now: number): Ends[] {
    const isOlder = (one: Ends | undefined, ms: number): boolean => one !== undefined && one.at <= now - ms
    const recent = this.#kept.filter((_, at) => !isOlder(this.#kept[at + 1], LONG_WINDOW_MS))
    const kept: Ends[] = []
    for (const [at, one] of recent.entries()) {
      const isSpare = isOlder(recent[at + 1], WINDOW_MS) && one.at < (kept.at(-1)?.at ?? -Infinity) + SPARSE_MS
      if (!isSpare) kept.push(one)
    }
    return kept
  }
}
