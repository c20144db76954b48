import type { MetricTable } from '../../platform/metric-table.ts'
import type { Move } from './picture.ts'

/** Moves that were asked for, by what moves and why. */
export class MoveCounts {
  /** From the start: a series that appears later would hide its first move. */
  readonly #counts: { readonly kind: Move['kind']; readonly why: Move['why']; count: number }[] = [
    { kind: 'replica', why: 'leaving', count: 0 },
    { kind: 'replica', why: 'racks', count: 0 },
    { kind: 'replica', why: 'load', count: 0 },
    { kind: 'leader', why: 'leaving', count: 0 },
    { kind: 'leader', why: 'load', count: 0 },
  ]

  count(kind: Move['kind'], why: Move['why']): void {
    for (const some of this.#counts) if (some.kind === kind && some.why === why) some.count += 1
  }

  *entries(): Iterable<readonly [labels: readonly string[], figure: number]> {
    for (const { kind, why, count } of this.#counts) yield [[kind, why], count]
  }
}

/** What a balancer has done since its broker has started. */
export interface BalanceTally {
  /** Before the moves of the last look; 0 of a broker that does not look. */
  readonly imbalance: number
  readonly moves: MoveCounts
}

export const balanceMetrics: MetricTable<BalanceTally> = {
  counters: [],
  gauges: [
    [
      'tailrace_balance_imbalance',
      'How uneven the spread over brokers was when the leader of the metadata group looked last: 0 is even, 1 as far as the mean itself. 0 on the other brokers.',
      ({ imbalance }) => imbalance,
    ],
  ],
  labelledCounters: [
    [
      'tailrace_balance_moves_total',
      'Moves of replicas and of preferred leaderships that this broker has asked for as the leader of the metadata group, by reason: leaving, racks or load.',
      ['kind', 'why'],
      ({ moves }) => moves.entries(),
    ],
  ],
}
