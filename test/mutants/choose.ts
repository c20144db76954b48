import type { Mutant } from './operators.ts'

/** The parts of the house whose rules are worth a mutant. */
export const mutatedFolders = [
  'schemas/src/',
  'client/src/',
  'producer/src/',
  'consumer/src/',
  'broker/src/raft/',
  'broker/src/log/',
  'broker/src/partition/',
  'broker/src/cluster/',
  'broker/src/cascade/',
  'broker/src/gateway/',
]

/** Files that hold tables, generated text or doubles. */
const exempt = /\.d\.ts$|generated|test-data|defects\.ts$|errors\.ts$|\/(fakes|testing|test-double)\/|test-cluster\.ts$/

export function isMutated(path: string): boolean {
  return mutatedFolders.some((folder) => path.startsWith(folder)) && path.endsWith('.ts') && !exempt.test(path)
}

/**
 * `count` of them, the same for the same seed. Files take turns, so that a long file does not get all; a further turn
 * gives each file one more.
 */
export function choose(byFile: ReadonlyMap<string, readonly Mutant[]>, count: number, seed: number): Mutant[] {
  const next = random(seed)
  const rows = [...byFile].filter(([, mutants]) => mutants.length > 0).sort(([a], [b]) => (a < b ? -1 : 1))
  const piles = shuffle(
    rows.map(([, mutants]) => shuffle([...mutants], next)),
    next,
  )
  const chosen: Mutant[] = []
  for (let turn = 0; chosen.length < count; turn++) {
    const pick = piles.flatMap((pile) => pile[turn] ?? [])
    if (pick.length === 0) break
    chosen.push(...pick.slice(0, count - chosen.length))
  }
  return chosen
}

function shuffle<T>(items: T[], next: () => number): T[] {
  for (let at = items.length - 1; at > 0; at--) {
    const other = Math.floor(next() * (at + 1))
    ;[items[at], items[other]] = [items[other]!, items[at]!]
  }
  return items
}

/** mulberry32: 0 <= x < 1. */
function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
