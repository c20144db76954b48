import type { ClusterState, TopicState } from '../api/shapes.ts'

/** Of the last states, for rates over some seconds. */
const KEPT_MS = 6000

interface Ends {
  readonly at: number
  readonly ends: ReadonlyMap<string, number>
}

/** Records published a second, from the high watermarks of the states of the last seconds. */
export class Rates {
  #kept: Ends[] = []

  add({ at, described }: ClusterState): void {
    const ends = new Map(
      described.flatMap((topic) =>
        topic.partitions.map((one) => [keyOf(topic, one.partition), one.highWatermark] as const),
      ),
    )
    this.#kept = [...this.#kept.filter((old) => old.at > at - KEPT_MS), { at, ends }]
  }

  /** Null: not known yet. `now`: of the last state, or later where nothing has changed since. */
  partition(topic: TopicState, partition: number, now: number): number | null {
    const key = keyOf(topic, partition)
    const last = this.#kept.at(-1)?.ends.get(key)
    const first = this.#kept.find(({ ends }) => ends.has(key))
    if (last === undefined || first === undefined || now - first.at < 500) return null
    return Math.max(0, ((last - first.ends.get(key)!) * 1000) / (now - first.at))
  }

  topic(topic: TopicState, now: number): number | null {
    const rates = topic.partitions.map(({ partition }) => this.partition(topic, partition, now))
    return rates.some((rate) => rate === null) ? null : rates.reduce<number>((sum, rate) => sum + rate!, 0)
  }
}

/** Another topic of the same name begins anew. */
function keyOf({ id }: TopicState, partition: number): string {
  return `${id}/${partition}`
}
