import { afterEach, expect, it } from 'vitest'
import { publishTo, recordsAt, startTier, startTop, type Tier, until } from './testing/tiers.ts'

const running: { stop(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop().catch(() => {})
})
async function tier(...args: Parameters<typeof startTier>): Promise<Tier> {
  const started = await startTier(...args)
  running.push(started)
  return started
}

const cascadeBytesPerSecond = 1_000_000
const [large, records] = ['x'.repeat(100_000), 250]

it('M88 a broker that is far behind copies at its limit, and delays no live record of another one', async () => {
  const { broker, address, gateway } = await startTop({}, 'test-cluster', { cascadeBytesPerSecond })
  running.push({ stop: () => gateway.close() })
  await broker.createTopic({ name: 'old', partitions: 1, replicas: 1 })
  await broker.createTopic({ name: 'live', partitions: 1, replicas: 1 })
  const { node: quick } = await tier(101, [address])
  await until('the topics', () => quick.api.listTopics().length === 2)
  for (let n = 0; n < records; n++) await publishTo(broker, 'old', [large])
  await until(
    'all is at the quick one',
    () => quick.lag.records === 0 && quick.counts.bytes > records * large.length,
    60_000,
  )

  const { node: greedy } = await tier(103, [address])
  const started = performance.now()
  await until('it copies', () => greedy.counts.bytes > 0)
  for (let n = 0; n < 10; n++) {
    await publishTo(broker, 'live', [`live ${n}`])
    await until('the live record', async () => (await recordsAt(quick.api, 'live')).length === n + 1)
  }
  // The clock is five times as fast. At once it gets what a second allows, and what was read before that was counted.
  const seconds = ((performance.now() - started) * 5) / 1_000
  expect(greedy.counts.bytes).toBeLessThan((seconds + 1) * cascadeBytesPerSecond + 4 * 2 ** 20)
  expect(greedy.lag.records).toBeGreaterThan(0)
  await until('all is here at last', async () => (await recordsAt(greedy.api, 'old')).length === records, 60_000)
}, 120_000)
