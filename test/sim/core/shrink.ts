import { type DefectName, runSeed, type SeedResult, type SmallerHistory } from './run-seed.ts'
import { absenceNames } from './without-faults.ts'

/**
 * Histories that are tried without a class of faults before it is taken for needed: the remaining faults then occur at
 * other times.
 */
const ATTEMPTS = 60

export interface ShrunkSeed {
  readonly smaller: SmallerHistory
  readonly result: SeedResult
}

/**
 * Makes a failing history smaller: leaves out one class of faults after the other where the same property still fails
 * in one of some histories without it, and takes, of those that fail, the one that does so after the fewest events.
 */
export function shrinkSeed(failed: SeedResult, defects: readonly DefectName[]): ShrunkSeed {
  const { seed, violation } = failed
  let best: ShrunkSeed = { smaller: { without: [], turn: 0 }, result: failed }
  const shortest = (without: readonly string[], bound: number): ShrunkSeed | null => {
    let found: ShrunkSeed | null = null
    for (let turn = 0; turn < ATTEMPTS; turn++) {
      const smaller = { without, turn }
      const result = runSeed(seed, defects, null, smaller)
      if (result.violation?.property !== violation?.property) continue
      if (result.events < (found?.result.events ?? bound)) found = { smaller, result }
    }
    return found
  }
  for (const name of absenceNames) {
    const found = shortest([...best.smaller.without, name], Number.POSITIVE_INFINITY)
    if (found !== null) best = found
  }
  return shortest(best.smaller.without, best.result.events) ?? best
}
