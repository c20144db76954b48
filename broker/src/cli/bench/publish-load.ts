import type { Clock } from '../../platform/clock.ts'
import { LatencyHistogram } from '../../platform/node/latency-histogram.ts'
import { pause } from '../../platform/timing/pause.ts'
import { InFlight } from '../records/in-flight.ts'
import type { StampedValues } from './stamped-values.ts'

/** The part of a producer that a load needs; `Producer` of @tailrace/producer is one. */
export interface LoadSink {
  sendBatch(topic: string, records: readonly { readonly key?: string; readonly value: Uint8Array }[]): Promise<unknown>
}

export interface LoadOptions {
  readonly topic: string
  readonly seconds: number
  /** Bytes of a value. */
  readonly size: number
  /** Records a second; 0: as many as are acknowledged. */
  readonly rate: number
  /** Different keys; 0: records have none. */
  readonly keys: number
}

export interface LoadResult {
  readonly records: number
  readonly seconds: number
  readonly latency: LatencyHistogram
}

/** Records that are sent by one call. */
const groupRecords = 500
const groupBytes = 64 * 1024
const inFlightBytes = 8 * 1024 * 1024
const tickMs = 5

/**
 * Publishes for so long, and resolves when all is acknowledged. With a rate, a record's time counts from when it was to
 * be sent: a pause of the cluster is in the figures of all records that it held up. Rejects with the first failure.
 */
export async function publishLoad(
  { topic, seconds, size, rate, keys }: LoadOptions,
  values: StampedValues,
  sink: LoadSink,
  clock: Clock,
  ended: AbortSignal,
): Promise<LoadResult> {
  const inFlight = new InFlight(Number.MAX_SAFE_INTEGER, inFlightBytes)
  const latency = new LatencyHistogram()
  const most = Math.max(1, Math.min(groupRecords, Math.floor(groupBytes / size)))
  const started = clock.monotonic()
  let sent = 0
  const send = (count: number, at: number): void => {
    const records = Array.from({ length: count }, (_, n) => {
      const value = values.at(at)
      return keys === 0 ? { value } : { key: `key-${(sent + n) % keys}`, value }
    })
    sent += count
    const acknowledged = sink.sendBatch(topic, records).then(() => latency.add(clock.monotonic() - at, count))
    inFlight.add(acknowledged, { count, bytes: count * size, first: sent, last: sent })
  }
  for (let now = started; now < started + seconds * 1000; now = clock.monotonic()) {
    if (ended.aborted || inFlight.failure !== null) break
    const due = rate === 0 ? most : Math.floor(((now - started) * rate) / 1000) - sent
    // Spread over their time: what is due since the last turn was due one after the other.
    for (let left = due; left > 0; left -= most) {
      const count = Math.min(left, most)
      send(count, rate === 0 ? now : started + ((sent + count / 2) * 1000) / rate)
    }
    if (inFlight.full) await inFlight.room()
    else if (rate > 0) await pause(clock, tickMs, ended)
  }
  await inFlight.settled()
  if (inFlight.failure !== null && !ended.aborted) throw inFlight.failure.error
  return { records: inFlight.acknowledged, seconds: (clock.monotonic() - started) / 1000, latency }
}
