/** One call of a client, as the client saw it. Times are of one clock. */
export interface Operation<State> {
  readonly name: string
  readonly invoked: number
  /** Infinity: there was no answer, and it may have taken effect at any time since, or never. */
  readonly returned: number
  /** The state after it, where it gives the answer that was given; null: it would have given another one. */
  readonly apply: (state: State) => State | null
}

interface Place<State> {
  readonly state: State
  /** Of each operation whether it has its place in the order. */
  readonly done: Uint8Array
}

/**
 * Whether the answers can be explained by an order of the operations, one after the other, in which each stands between
 * its call and its answer (linearizability, Herlihy and Wing 1990). A search as that of Wing and Gong with the memory
 * of Lowe ("Testing for linearizability", 2017), which Porcupine uses too: a set of operations that led to a state is
 * not followed twice.
 * @param operations of one object
 * @param keyOf a text that two states share only if they are the same
 * @returns null where there is an order; else the operations of the longest one, and the first that fits nowhere
 */
export function contradiction<State>(
  operations: readonly Operation<State>[],
  initial: State,
  keyOf: (state: State) => string,
): string | null {
  const sorted = operations.toSorted((a, b) => a.invoked - b.invoked)
  const seen = new Set<string>()
  const open: Place<State>[] = [{ state: initial, done: new Uint8Array(sorted.length) }]
  let best: Place<State> = open[0]!
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const { state, done } = place
    const end = earliestReturn(sorted, done)
    if (end === Number.POSITIVE_INFINITY) return null
    if (count(done) > count(best.done)) best = place
    // Later ones first on the stack, so that those that were called first are tried first.
    for (let at = sorted.length - 1; at >= 0; at--) {
      const operation = sorted[at]!
      if (done[at] === 1 || operation.invoked > end) continue
      const next = operation.apply(state)
      if (next === null) continue
      const after = done.slice()
      after[at] = 1
      const key = `${keyOf(next)} ${Buffer.from(after.buffer).toString('latin1')}`
      if (seen.has(key)) continue
      seen.add(key)
      open.push({ state: next, done: after })
    }
  }
  const missing = sorted.filter(({ returned }, at) => best.done[at] === 0 && returned !== Number.POSITIVE_INFINITY)
  const first = missing.toSorted((a, b) => a.returned - b.returned)[0]!
  return `at ${keyOf(best.state)} after ${count(best.done)} of ${sorted.length} operations: ${first.name}`
}

/** No operation that was called later can come before this one. */
function earliestReturn<State>(operations: readonly Operation<State>[], done: Uint8Array): number {
  let earliest = Number.POSITIVE_INFINITY
  for (let at = 0; at < operations.length; at++) {
    if (done[at] === 0) earliest = Math.min(earliest, operations[at]!.returned)
  }
  return earliest
}

function count(done: Uint8Array): number {
  let sum = 0
  for (const one of done) sum += one
  return sum
}
