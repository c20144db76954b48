/**
 * What does a batch cost that is published and read once while nobody has subscribed to the channels of tracing, and
 * with a subscriber that does nothing? Run: npx node test/bench/tracing.ts
 */
import type { BrokerApi } from '../../broker/src/api/broker-api.ts'
import { PublishTrace } from '../../broker/src/partition/replica/publish/publish-trace.ts'
import { batchOf } from '../../broker/src/partition/testing/batches.ts'
import { nodeClock } from '../../broker/src/platform/node/clock.ts'
import { tracePoints } from '../../broker/src/platform/trace-points.ts'
import { tracedApi } from '../../broker/src/start/tracing/traced-api.ts'

const TIMES = 5_000_000
const batch = batchOf(['a', 'b', 'c'])
const answer = Promise.resolve({ batches: [batch] } as never)
const plain = { publish: () => answer, fetch: () => answer } as unknown as BrokerApi
const traced = tracedApi(plain, nodeClock)
const trace = new PublishTrace(nodeClock, () => ({ place: { topic: 'flights', partition: 0 } }) as never)

const without = leastNanoseconds(TIMES, stepsOf(plain, null))
console.log(
  `nobody has subscribed: ${(leastNanoseconds(TIMES, stepsOf(traced, trace)) - without).toFixed(1)} ns a batch`,
)
for (const point of Object.values(tracePoints)) point.subscribe(() => {})
const subscribed = leastNanoseconds(TIMES / 50, stepsOf(traced, trace))
console.log(`with subscribers that do nothing: ${(subscribed - without).toFixed(0)} ns a batch`)

function stepsOf(api: BrokerApi, publishTrace: PublishTrace | null): (index: number) => void {
  return (index) => {
    void api.publish('flights', 0, batch, {} as never)
    publishTrace?.placed(batch, index)
    publishTrace?.persisted(index)
    publishTrace?.committed(index)
    void api.fetch('flights', 0, {} as never)
  }
}

/** The least of five runs, behind one that warms up. */
function leastNanoseconds(times: number, step: (index: number) => void): number {
  const runs = Array.from({ length: 6 }, () => {
    const began = process.cpuUsage()
    for (let at = 1; at <= times; at++) step(at)
    const { user, system } = process.cpuUsage(began)
    return ((user + system) * 1000) / times
  })
  return Math.min(...runs.slice(1))
}
