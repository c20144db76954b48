import { TailraceError } from '@tailrace/schemas'
import type { BrokerApi } from '../../api/broker-api.ts'
import type { Clock } from '../../platform/clock.ts'
import { tracePoints } from '../../platform/trace-points.ts'

/** The same, and tells the channels `publish` and `deliver` of what clients of this broker publish and read. */
export function tracedApi(api: BrokerApi, clock: Clock): BrokerApi {
  return { ...api, publish: tracedPublish(api.publish, clock), fetch: tracedFetch(api.fetch, clock) }
}

function tracedPublish(publish: BrokerApi['publish'], clock: Clock): BrokerApi['publish'] {
  return (topic, partition, batch, options) => {
    const result = publish(topic, partition, batch, options)
    if (!tracePoints.publish.hasSubscribers) return result
    const [startedAt, began] = [clock.now(), clock.monotonic()]
    const tell = (error: string | null): void => {
      const durationMs = clock.monotonic() - began
      tracePoints.publish.publish({ topic, partition, batches: [batch], startedAt, durationMs, error })
    }
    result.then(
      () => tell(null),
      (error: unknown) => tell(TailraceError.from(error).code),
    )
    return result
  }
}

function tracedFetch(fetch: BrokerApi['fetch'], clock: Clock): BrokerApi['fetch'] {
  return (topic, partition, request) => {
    const result = fetch(topic, partition, request)
    if (!tracePoints.deliver.hasSubscribers) return result
    const tell = (batches: readonly Uint8Array[]): void => {
      if (batches.length === 0) return
      tracePoints.deliver.publish({ topic, partition, batches, startedAt: clock.now(), durationMs: 0, error: null })
    }
    result.then(
      (found) => tell(found.batches),
      () => {},
    )
    return result
  }
}
