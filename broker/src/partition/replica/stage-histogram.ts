import type { LabelledHistogramRow, Observe } from '../../platform/metric-table.ts'

/** Of so many batches, or reads, one is followed through its stages. */
export const STAGE_SAMPLE = 16

/** Seconds. */
export const stageBounds = [
  0.00001, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10,
]

/** What is told of each stage, in seconds. */
export type StageObservers<Stage extends string> = Readonly<Record<Stage, Observe>>

/** The time that each stage takes, as a histogram with the label `stage`. */
export function stageHistogram<Stage extends string>(
  name: string,
  help: string,
  stages: readonly Stage[],
): LabelledHistogramRow<{ observe: StageObservers<Stage> | null }> {
  return [
    name,
    help,
    'stage',
    stageBounds,
    (part, observerOf) => {
      part.observe = Object.fromEntries(stages.map((stage) => [stage, observerOf(stage)])) as Record<Stage, Observe>
    },
  ]
}
