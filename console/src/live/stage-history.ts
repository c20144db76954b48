import type { Stages } from '../api/answers.ts'
import { added, HISTORY_MS, type Point, STEP_MS } from './history.ts'

/** A quantile is of the last seconds, since one publish or read in 16 is measured. */
const WINDOW_MS = 10_000
/** What happened in a longer silence, in which the page was perhaps not seen, is no point. */
const SILENCE_MS = 30_000

export const quantiles = [0.5, 0.99] as const

/** Of one stage: points in microseconds for each of `quantiles`. */
export interface StagePoints {
  readonly of: string
  readonly stage: string
  readonly lines: readonly (readonly Point[])[]
}

interface Sample {
  readonly at: number
  readonly stages: Stages
}

/** How long the stages of publishes and reads took in the last five minutes, while they were watched. */
export class StageHistory {
  #samples: Sample[] = []
  #points: StagePoints[] = []

  /** Takes what a broker has counted until `at`, milliseconds since 1970, unless it has just done so. */
  add(stages: Stages, at: number): void {
    const last = this.#samples.at(-1)
    if (last !== undefined && at - last.at < STEP_MS) return
    if (last !== undefined && at - last.at > SILENCE_MS) this.#samples = []
    const [before] = this.#samples
    if (before !== undefined) this.#points = this.#renewed(before.stages, { at, stages })
    this.#samples = [...this.#samples.filter((sample) => sample.at > at - WINDOW_MS), { at, stages }]
  }

  get all(): readonly StagePoints[] {
    return this.#points
  }

  #renewed(before: Stages, { at, stages: { bounds, stages } }: Sample): StagePoints[] {
    return stages.map(({ of, stage, counts }) => {
      const is = (one: { readonly of: string; readonly stage: string }) => one.of === of && one.stage === stage
      const earlier = before.stages.find(is)?.counts ?? []
      const since = counts.map((count, index) => count - (earlier[index] ?? 0))
      const known = this.#points.find(is)?.lines
      const lines = quantiles.map((quantile, index) => added(known?.[index], at, quantileOf(quantile, bounds, since)))
      return { of, stage, lines }
    })
  }

  /** Whether there is something to draw. */
  isSilent(now: number): boolean {
    return this.#points.every(({ lines }) => lines.every((points) => (points.at(-1)?.at ?? 0) < now - HISTORY_MS))
  }
}

/**
 * Microseconds. Within a bucket, as if all were spread over it evenly; beyond the last bound, that bound. Null: there
 * are none, or the broker has been started again in between.
 */
export function quantileOf(quantile: number, bounds: readonly number[], counts: readonly number[]): number | null {
  const all = counts.at(-1) ?? 0
  if (all <= 0 || counts.some((count) => count < 0)) return null
  const rank = quantile * all
  const at = counts.findIndex((count) => count >= rank)
  const upper = bounds[at]
  if (upper === undefined) return bounds.at(-1)! * 1e6
  const [lower, below] = at === 0 ? [0, 0] : [bounds[at - 1]!, counts[at - 1]!]
  return Math.round((lower + ((upper - lower) * (rank - below)) / (counts[at]! - below)) * 1e6)
}

/** Powers of ten between which all lines lie: the lowest and the highest one. */
export function decadesOf(lines: StagePoints['lines']): readonly [number, number] {
  const powers = lines.flat().map(({ value }) => Math.log10(Math.max(1, value)))
  const low = Math.floor(Math.min(...powers, Number.POSITIVE_INFINITY))
  if (!Number.isFinite(low)) return [0, 1]
  return [low, Math.max(low + 1, Math.ceil(Math.max(...powers)))]
}
