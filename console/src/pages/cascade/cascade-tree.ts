import type { CascadeBroker } from '../../api/answers.ts'

/** Where the drawing of a cascade begins: every cascade broker is below one of these, or one of `loose`. */
export interface Roots {
  readonly levelZero: readonly number[]
  /** Sources that are neither of level 0 nor cascade brokers that were heard of. */
  readonly unheard: readonly number[]
  /** Brokers without a source, and one of each circle. */
  readonly loose: readonly CascadeBroker[]
}

export function rootsOf(levelZero: readonly number[], brokers: readonly CascadeBroker[]): Roots {
  const known = new Set([0, ...levelZero, ...brokers.map(({ broker }) => broker)])
  const unheard = [...new Set(brokers.map(({ source }) => source))].filter((source) => !known.has(source))
  const loose = brokers.filter(({ source }) => source === 0)
  const tops = [...levelZero, ...unheard, ...loose.map(({ broker }) => broker)]
  const reached = new Set(tops.flatMap((top) => [top, ...belowOf(top, brokers)]))
  for (const one of brokers) {
    if (reached.has(one.broker)) continue
    loose.push(one)
    for (const id of [one.broker, ...belowOf(one.broker, brokers)]) reached.add(id)
  }
  return { levelZero, unheard, loose }
}

/** All that copy from `source`, themselves or by way of others; not `source` itself. */
export function belowOf(source: number, brokers: readonly CascadeBroker[]): number[] {
  const found = new Set<number>()
  const walk = (from: number): void => {
    for (const { broker, source: its } of brokers) {
      if (its !== from || broker === source || found.has(broker)) continue
      found.add(broker)
      walk(broker)
    }
  }
  walk(source)
  return [...found]
}

/** None that copies from the broker itself. */
export function sourcesFor(
  moved: CascadeBroker,
  levelZero: readonly number[],
  brokers: readonly CascadeBroker[],
): number[] {
  const refused = new Set([moved.broker, ...belowOf(moved.broker, brokers)])
  const all = new Set([...levelZero, ...brokers.map(({ broker }) => broker), moved.pinned])
  return [...all].filter((id) => id !== 0 && !refused.has(id))
}
