import { Histogram, type Registry } from 'prom-client'
import type { StageCounts, Stages } from '../../api/stage-counts.ts'
import { publishStageMetric } from '../../partition/replica/publish/publish-stages.ts'
import { readStageMetric } from '../../partition/replica/read/read-stages.ts'
import { stageBounds } from '../../partition/replica/stage-histogram.ts'

/** What the histograms of stages have counted, in the order in which they are registered. */
export async function stagesIn(registry: Registry): Promise<Stages> {
  const [publish, read] = await Promise.all([
    countsOf(registry, 'publish', publishStageMetric),
    countsOf(registry, 'read', readStageMetric),
  ])
  return { bounds: stageBounds, stages: [...publish, ...read] }
}

async function countsOf(registry: Registry, of: string, name: string): Promise<StageCounts[]> {
  const metric = registry.getSingleMetric(name)
  if (!(metric instanceof Histogram)) return []
  const { values } = await metric.get()
  const byStage = new Map<string, number[]>()
  // For each stage the bounds come in their order, the infinite one last.
  for (const { metricName, labels, value } of values) {
    if (metricName !== `${name}_bucket`) continue
    const stage = String(labels.stage)
    byStage.set(stage, [...(byStage.get(stage) ?? []), value])
  }
  return [...byStage].map(([stage, counts]) => ({ of, stage, counts }))
}
