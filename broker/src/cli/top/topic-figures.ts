import { partitionsIn } from '../health/holdings.ts'
import type { MetricSamples } from '../health/metric-samples.ts'
import type { TopicFigures } from './figures.ts'
import type { Sample } from './sample.ts'

/** A partition as its leader tells it. */
interface Led {
  readonly topic: string
  readonly broker: number
  readonly term: number
  readonly highWatermark: number
  readonly sizeBytes: number
  readonly underReplicated: boolean
}

/** In order of names. Figures out of the series of each partition are null where no broker shows them. */
export function topicFigures(before: Sample | null, now: Sample): TopicFigures[] {
  const led = ledIn(now)
  const earlier = before === null ? null : ledIn(before)
  const seconds = before === null ? 0 : (now.at - before.at) / 1000
  const byTopic = Map.groupBy(led ?? [], ([, { topic }]) => topic)
  return now.topics
    .map(({ name, partitions, replicas }) => {
      const own = byTopic.get(name) ?? []
      const known = led !== null
      const rate = earlier === null || seconds <= 0 ? null : ratesOf(own, earlier, seconds)
      return {
        name,
        partitions,
        replicas,
        underReplicated: known ? own.filter(([, { underReplicated }]) => underReplicated).length : null,
        leaderless: known ? Math.max(0, partitions - own.length) : null,
        recordsIn: rate?.records ?? null,
        bytesIn: rate?.bytes ?? null,
      }
    })
    .sort((a, b) => a.name.localeCompare(b.name))
}

type LedByKey = ReadonlyMap<string, Led>

function ratesOf(
  own: readonly (readonly [string, Led])[],
  earlier: LedByKey,
  seconds: number,
): { readonly records: number | null; readonly bytes: number | null } {
  const [records, bytes]: number[][] = [[], []]
  for (const [key, now] of own) {
    const before = earlier.get(key)
    if (before === undefined) continue
    // A new leader may know less than the one before; a log is smaller once retention has deleted a segment.
    records!.push(Math.max(0, now.highWatermark - before.highWatermark))
    if (now.broker === before.broker && now.sizeBytes >= before.sizeBytes) bytes!.push(now.sizeBytes - before.sizeBytes)
  }
  return { records: aSecond(records!, seconds), bytes: aSecond(bytes!, seconds) }
}

function aSecond(grown: readonly number[], seconds: number): number | null {
  return grown.length === 0 ? null : grown.reduce((sum, one) => sum + one, 0) / seconds
}

/** By `topic/partition`; of two brokers that lead the one of the later term. Null: no broker shows its partitions. */
function ledIn({ brokers }: Sample): LedByKey | null {
  const found = new Map<string, Led>()
  let shown = false
  for (const { broker, metrics } of brokers) {
    // A cascade broker leads nothing.
    if (metrics === null || broker.level > 0) continue
    const held = partitionsIn(metrics)
    if (held === null) continue
    shown = true
    const late = lateIn(metrics)
    for (const { topic, partition, leader, term, highWatermark, sizeBytes } of held) {
      const key = `${topic}/${partition}`
      if (!leader || (found.get(key)?.term ?? -1) > (term ?? 0)) continue
      const underReplicated = late.has(key)
      found.set(key, { topic, broker: broker.id, term: term ?? 0, highWatermark, sizeBytes, underReplicated })
    }
  }
  return shown ? found : null
}

function lateIn(metrics: MetricSamples): ReadonlySet<string> {
  const late = metrics.all('tailrace_partition_under_replicated').filter(({ value }) => value > 0)
  return new Set(late.map(({ labels }) => `${labels.topic}/${labels.partition}`))
}
