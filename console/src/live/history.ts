import type { TopicState } from '../api/answers.ts'
import type { Rates } from './rates.ts'

export const HISTORY_MS = 300_000
export const STEP_MS = 2000

/** A rate of one moment; milliseconds since 1970. */
export interface Point {
  readonly at: number
  readonly value: number
}

/** Rates of the last five minutes, of each topic and of all together, while the page is seen. */
export class History {
  readonly #topics = new Map<string, Point[]>()
  #all: Point[] = []
  #last = -Infinity

  /** Takes the rates of `now`, unless it has just done so. */
  add(described: readonly TopicState[], rates: Rates, now: number): void {
    if (now - this.#last < STEP_MS) return
    this.#last = now
    const since = now - HISTORY_MS
    const values = described.map((topic) => [topic.id, rates.topic(topic, now)] as const)
    for (const [id, value] of values) this.#topics.set(id, added(this.#topics.get(id), now, value))
    const known = values.map(([, value]) => value).filter((value) => value !== null)
    // A topic that has just been created has no rate yet, and adds nothing.
    const sum = known.length === 0 && values.length > 0 ? null : known.reduce((all, value) => all + value, 0)
    this.#all = added(this.#all, now, sum)
    for (const [id, points] of this.#topics) {
      const newest = points.at(-1)
      if (newest === undefined || newest.at < since) this.#topics.delete(id)
    }
  }

  get all(): readonly Point[] {
    return this.#all
  }

  /** By the id of the topic. */
  topic(id: string): readonly Point[] {
    return this.#topics.get(id) ?? []
  }
}

export function added(points: readonly Point[] = [], at: number, value: number | null): Point[] {
  const kept = points.filter((point) => point.at >= at - HISTORY_MS)
  return value === null ? kept : [...kept, { at, value }]
}

/** The points in runs, broken where the page was hidden or had no connection. */
export function runsOf(points: readonly Point[]): Point[][] {
  const runs: Point[][] = []
  for (const point of points) {
    const before = runs.at(-1)?.at(-1)
    if (before !== undefined && point.at - before.at <= 3 * STEP_MS) runs.at(-1)!.push(point)
    else runs.push([point])
  }
  return runs
}

/** The top of a scale: 1, 2 or 5 times a power of ten, at least 1. */
export function topOf(most: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, most)))
  return [1, 2, 5, 10].map((times) => times * power).find((top) => top >= most) ?? most
}
