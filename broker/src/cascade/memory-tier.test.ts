import { afterEach, expect, it } from 'vitest'
import { publishTo, recordsAt, startTier, startTop, type Tier, until } from './testing/tiers.ts'

const running: { stop(): Promise<void> }[] = []
async function tier(...args: Parameters<typeof startTier>): Promise<Tier> {
  const started = await startTier(...args)
  running.push(started)
  return started
}
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop().catch(() => {})
})

const earliest = { kind: 'EARLIEST', value: 0 } as const
const ends = (one: Tier, topic: string) =>
  one.node.api.findOffset(topic, 0, earliest).catch(() => ({ highWatermark: -1, logStart: -1 }))
const reaches = (one: Tier, topic: string, offset: number) =>
  until(`${topic} to ${offset}`, async () => (await ends(one, topic)).highWatermark === offset)

it('M88 copies in memory stay within their bound: the oldest batches go, with the offsets of the source, for brokers below as well', async () => {
  const memoryBytes = 2 ** 20
  const { broker, address, gateway } = await startTop()
  running.push({ stop: () => gateway.close() })
  for (const name of ['busy', 'quiet']) await broker.createTopic({ name, partitions: 1, replicas: 1 })
  await publishTo(broker, 'quiet', ['kept'])
  const one = await tier(101, [address], undefined, { memoryBytes })
  const two = await tier(201, [one.address])
  const count = (3 * memoryBytes) / 10_000
  const value = 'v'.repeat(10_000)
  for (let n = 0; n < count; n++) {
    await publishTo(broker, 'busy', [`${n} ${value}`])
    expect(one.storage.metrics.tailBytes).toBeLessThanOrEqual(memoryBytes)
    // The broker below is never further behind than the bound.
    if (n % 40 === 0) await reaches(two, 'busy', n + 1)
  }
  for (const each of [one, two]) await reaches(each, 'busy', Math.ceil(count))
  const { logStart } = await ends(one, 'busy')
  expect(logStart).toBeGreaterThan(count / 2)
  expect(logStart).toBeLessThan(count)
  const held = await recordsAt(one.node.api, 'busy', 0, logStart)
  expect(held).toEqual((await recordsAt(two.node.api, 'busy')).slice(logStart))
  expect(held[0]!.startsWith(`${logStart}:${logStart} v`)).toBe(true)
  for (const { node } of [one, two]) expect(await recordsAt(node.api, 'quiet')).toEqual(['0:kept'])
  const before = { offset: logStart - 1, maxBytes: 1, waitMs: 0 }
  await expect(one.node.api.fetch('busy', 0, before)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
  expect(one.node.counts).toMatchObject({ newBeginnings: 0 })
})

it('M88 each start is that of a new broker, which copies anew, under the number of the one before', async () => {
  const { broker, address, gateway } = await startTop()
  running.push({ stop: () => gateway.close() })
  await broker.createTopic({ name: 't', partitions: 1, replicas: 1 })
  await publishTo(broker, 't', ['one', 'two'])
  const first = await startTier(101, [address], undefined, { memoryBytes: 2 ** 20 })
  await reaches(first, 't', 2)
  const { port, node } = first
  await first.stop()
  const second = await tier(101, [address], undefined, { memoryBytes: 2 ** 20, port })
  expect(second.node.partitions.count).toBe(0)
  await reaches(second, 't', 2)
  expect(await recordsAt(second.node.api, 't')).toEqual(['0:one', '1:two'])
  expect(second.node.report().directoryId).not.toBe(node.report().directoryId)
})
