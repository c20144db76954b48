import { afterEach, expect, it } from 'vitest'
import { CascadeDisk, publishTo, recordsAt, startTier, startTop, type Tier, until } from './testing/tiers.ts'

const running: { stop(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop().catch(() => {})
})
async function tier(...args: Parameters<typeof startTier>): Promise<Tier> {
  const started = await startTier(...args)
  running.push(started)
  return started
}

/** Each write takes up to a second, in which the source may send no more than its credit. */
function slowed(disk: CascadeDisk): () => void {
  let open = () => {}
  const next = () => {
    open()
    disk.gate = new Promise((resolve) => (open = resolve))
  }
  next()
  const timer = setInterval(next, 1_000)
  return () => {
    clearInterval(timer)
    disk.gate = null
    open()
  }
}

it('M89 brokers leave a source that gets its records too slowly, without a gap or a duplicate, and come back', async () => {
  const { broker, address, gateway } = await startTop()
  running.push({ stop: () => gateway.close() })
  await broker.createTopic({ name: 't', partitions: 1, replicas: 1 })
  const disk = new CascadeDisk()
  const [slow, quick] = [await tier(101, [address], disk), await tier(102, [address])]
  const addresses = [slow.address, quick.address]
  const children = [
    await tier(201, addresses),
    await tier(202, addresses),
    await tier(203, addresses),
    await tier(204, addresses),
  ]
  const perSource = () =>
    [101, 102].map((source) => children.filter(({ node }) => node.uplink.session?.source === source).length)
  const published: string[] = []
  let stop = false
  const publishing = (async () => {
    while (!stop) {
      const value = `${published.length} ${'x'.repeat(10_000)}`
      published.push(`${published.length}:${value}`)
      await publishTo(broker, 't', [value])
      await new Promise((done) => setTimeout(done, 10))
    }
  })()
  await until('two each', () => perSource().join() === '2,2', 20_000)

  const atEase = slowed(disk)
  await until('all have left the slow one', () => perSource().join() === '0,4', 20_000)
  atEase()
  await until('two each again', () => perSource().join() === '2,2', 40_000)

  stop = true
  await publishing
  // Clients have read nothing from level 0.
  const copied = slow.node.counts.bytes + quick.node.counts.bytes
  expect(gateway.sent()).toEqual({ all: copied, toCascades: copied })
  // It was slow, and never without its own source.
  expect(slow.node.uplink.changes).toBe(1)
  for (const { node } of [slow, quick, ...children]) {
    await until('all records are here', () => node.lag.records === 0)
    await until('the last one too', async () => (await recordsAt(node.api, 't')).length === published.length)
    expect(await recordsAt(node.api, 't')).toEqual(published)
    expect(node.counts.newBeginnings).toBe(0)
  }
}, 120_000)
