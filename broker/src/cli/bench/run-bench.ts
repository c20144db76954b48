import type { Clock } from '../../platform/clock.ts'
import type { LatencySummary } from '../../platform/node/latency-histogram.ts'
import type { Random } from '../../platform/random.ts'
import { withDeadline } from '../../platform/timing/deadline.ts'
import { type LoadOptions, type LoadSink, publishLoad } from './publish-load.ts'
import { ReadLoad, type ReadSource } from './read-load.ts'
import { StampedValues } from './stamped-values.ts'

/** The part of a consumer that this needs; `Consumer` of @tailrace/consumer is one. */
export interface LoadSource {
  subscribe(
    topic: string,
    options: { from?: 'latest' | 'earliest'; until?: 'end'; bytes: true },
  ): ReadSource & { ready(): Promise<void> }
}

export interface BenchOptions extends LoadOptions {
  /** Whether a reader follows, and so the time to it is measured. */
  readonly reads: boolean
  /** Whether all is read again from the beginning at the end: only where the topic is the run's own. */
  readonly readsBack: boolean
}

interface Throughput {
  readonly records: number
  readonly seconds: number
  readonly recordsPerSecond: number
  readonly megabytesPerSecond: number
}

export interface BenchResult {
  readonly topic: string
  readonly size: number
  readonly rate: number
  /** `latencyMs`: to the acknowledgement. */
  readonly publish: Throughput & { readonly latencyMs: LatencySummary }
  /** `latencyMs`: from when a record was to be sent until it was read. `missing`: acknowledged and not read. */
  readonly follow: (Throughput & { readonly latencyMs: LatencySummary; readonly missing: number }) | null
  readonly readBack: Throughput | null
}

/** What was acknowledged has to be read within so much time. */
const lastReadMs = 10_000

/** Publishes to a topic while a reader follows, and reads it again. Rejects with the first failure of either. */
export async function runBench(
  options: BenchOptions,
  sink: LoadSink,
  source: LoadSource,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  ended: AbortSignal,
): Promise<BenchResult> {
  const { topic, size, rate, reads, readsBack } = options
  const values = new StampedValues(size, random)
  const follower = new ReadLoad(values, clock)
  let toRead = Number.POSITIVE_INFINITY
  const done = Promise.withResolvers<void>()
  const follow = async (): Promise<void> => {
    const subscription = source.subscribe(topic, { from: 'latest', bytes: true })
    await subscription.ready()
    follower.read(subscription, () => follower.records >= toRead).then(done.resolve, done.reject)
  }
  if (reads) await follow()
  done.promise.catch(() => {})
  const load = await publishLoad(options, values, sink, clock, ended)
  toRead = load.records
  if (reads && follower.records < toRead) await withDeadline(clock, lastReadMs, done.promise, () => undefined)
  const again = new ReadLoad(values, clock)
  if (readsBack && !ended.aborted) {
    await again.read(source.subscribe(topic, { from: 'earliest', until: 'end', bytes: true }), () => ended.aborted)
  }
  const publish = throughput(load.records, load.records * size, load.seconds)
  const missing = Math.max(0, load.records - follower.records)
  return {
    topic,
    size,
    rate,
    publish: { ...publish, latencyMs: load.latency.summary() },
    follow: reads ? { ...throughputOf(follower), latencyMs: follower.latency.summary(), missing } : null,
    readBack: readsBack ? throughputOf(again) : null,
  }
}

function throughputOf({ records, bytes, seconds }: ReadLoad): Throughput {
  return throughput(records, bytes, seconds)
}

function throughput(records: number, bytes: number, seconds: number): Throughput {
  const perSecond = (amount: number) => (seconds > 0 ? amount / seconds : 0)
  return { records, seconds, recordsPerSecond: perSecond(records), megabytesPerSecond: perSecond(bytes) / 1e6 }
}
