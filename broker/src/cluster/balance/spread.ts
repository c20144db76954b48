import type { RackedBroker } from '../metadata/racks.ts'

/** Pairs of replicas of a partition that share a rack, and pairs that share a host. */
export interface Spread {
  readonly racks: number
  readonly hosts: number
}

export function spreadOf(replicas: readonly RackedBroker[]): Spread {
  return { racks: pairsOf(replicas.map(({ rack }) => rack)), hosts: pairsOf(replicas.map(({ host }) => host)) }
}

/** Racks count first. */
export function isWorse(spread: Spread, than: Spread): boolean {
  return spread.racks > than.racks || (spread.racks === than.racks && spread.hosts > than.hosts)
}

function pairsOf(names: readonly string[]): number {
  let pairs = 0
  for (let at = 1; at < names.length; at++) {
    for (let before = 0; before < at; before++) if (names[before] === names[at]) pairs += 1
  }
  return pairs
}
