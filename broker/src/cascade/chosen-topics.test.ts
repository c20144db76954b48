import { afterEach, describe, expect, it } from 'vitest'
import { CascadeDisk, publishTo, recordsAt, startTier, startTop, type Tier, type Top, until } from './testing/tiers.ts'

const running: { stop(): Promise<void> }[] = []
async function tier(...args: Parameters<typeof startTier>): Promise<Tier> {
  const started = await startTier(...args)
  running.push(started)
  return started
}
/** Level 0 with topics of these names, each with one record that is its name. */
async function topWith(...names: string[]): Promise<Top> {
  const started = await startTop()
  running.push({ stop: () => started.gateway.close() })
  for (const name of names) {
    await started.broker.createTopic({ name, partitions: 1, replicas: 1 })
    await publishTo(started.broker, name, [name])
  }
  return started
}
const listed = ({ node }: Tier) =>
  node.api
    .listTopics()
    .map(({ name }) => name)
    .sort()
const has = (one: Tier, ...names: string[]) => until(`topics ${names}`, () => `${listed(one)}` === `${names}`)
const copied = (one: Tier, topic: string) =>
  until(`the record of ${topic}`, async () => {
    const records = await recordsAt(one.node.api, topic).catch(() => [])
    return `${records}` === `0:${topic}`
  })

afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop().catch(() => {})
})

describe('a cascade broker with some of the topics', () => {
  it('M88 copies those, and tells who asks for another one where that is; publishes to it are forwarded', async () => {
    const { broker, address } = await topWith('a', 'b.one', 'b.two', 'c')
    const one = await tier(101, [address], undefined, { topics: ['a', 'b.*'] })
    await has(one, 'a', 'b.one', 'b.two')
    for (const topic of listed(one)) await copied(one, topic)
    const { api } = one.node
    const reads = [
      api.fetch('c', 0, { offset: 0, maxBytes: 1, waitMs: 0 }),
      api.fetch('c', 0, { offset: 0, maxBytes: 1, waitMs: 0, linearizable: true }),
      api.findOffset('c', 0, { kind: 'EARLIEST', value: 0 }),
    ]
    for (const read of reads) {
      await expect(read).rejects.toMatchObject({
        code: 'TOPIC_NOT_COPIED',
        message: expect.stringContaining(
          `"c" is not among the topics of broker 101. Read it from a broker of level 0: ${address} (broker 1).`,
        ),
      })
    }
    const answer = await fetch(`http://${one.address}/topics/c/partitions/0/records?offset=0`)
    expect([answer.status, await answer.json()]).toEqual([421, expect.objectContaining({ code: 'TOPIC_NOT_COPIED' })])
    await expect(api.fetch('d', 0, { offset: 0, maxBytes: 1, waitMs: 0 })).rejects.toMatchObject({
      code: 'UNKNOWN_TOPIC',
    })

    expect(api.routing(['c', 'd']).topics).toMatchObject([{ name: 'c', partitions: [{ leader: 101 }] }])
    await publishTo(api, 'c', ['through 101'])
    expect(await recordsAt(broker, 'c')).toEqual(['0:c', '1:through 101'])
    expect(await api.describeTopic('c')).toMatchObject({ name: 'c', partitions: [{ highWatermark: 2 }] })
    const created = performance.now()
    await api.createTopic({ name: 'e', partitions: 1, replicas: 1 })
    expect(performance.now() - created, 'it does not wait for a copy').toBeLessThan(500)
    await api.createTopic({ name: 'b.three', partitions: 1, replicas: 1 })
    expect(listed(one)).toEqual(['a', 'b.one', 'b.three', 'b.two'])
  })

  it('M88 is no source of one that copies more, which finds another; one below it knows all topics', async () => {
    const { address, control } = await topWith('a', 'b', 'c')
    const one = await tier(101, [address], undefined, { topics: ['a', 'b'] })
    const two = await tier(201, [one.address], undefined, { topics: ['b'] })
    await has(two, 'b')
    await copied(two, 'b')
    for (const topic of ['a', 'c']) {
      await expect(two.node.api.fetch(topic, 0, { offset: 0, maxBytes: 1, waitMs: 0 })).rejects.toMatchObject({
        code: 'TOPIC_NOT_COPIED',
      })
    }
    const all = await tier(202, [one.address, address])
    await until('the refusal', async () => all.node.uplink.session?.source === 1)
    await copied(all, 'c')
    const some = await tier(203, [one.address], undefined, { topics: ['a', 'c*'] })
    await until('the reason', () =>
      some.node.uplink.refusal.includes(
        `Broker 101 copies only a, b, and 203 other topics, too. Its source can be a broker of level 0: ${address}`,
      ),
    )
    // The broker that has no source is heard of, too.
    const told = async () => {
      const { brokers } = await control.status()
      return Object.fromEntries(brokers.map(({ broker, source, topics }) => [broker, [source, topics]]))
    }
    // That 202 was refused may be told before its next beat to the source that it has found.
    await expect
      .poll(told, { timeout: 10_000 })
      .toEqual({ 101: [1, ['a', 'b']], 201: [101, ['b']], 202: [1, []], 203: [0, ['a', 'c*']] })
    await expect(control.assign(202, 101)).rejects.toMatchObject({ code: 'TOPIC_NOT_COPIED' })
  })

  it('M88 that gets others at a restart removes those no longer named, and copies new ones from their start', async () => {
    const { address } = await topWith('a', 'b', 'c')
    const disk = new CascadeDisk()
    const first = await startTier(101, [address], disk, { topics: ['a', 'b'] })
    await has(first, 'a', 'b')
    for (const topic of ['a', 'b']) await copied(first, topic)
    const kept = first.node.partitions.count
    await first.stop()
    const second = await startTier(101, [], disk, { topics: ['b', 'c'] })
    expect([kept, listed(second), [...second.storage.groups()].length]).toEqual([2, ['b'], 1])
    await copied(second, 'b')
    // Without a source it is not known which other topics there are.
    for (const topic of ['a', 'x']) {
      await expect(second.node.api.fetch(topic, 0, { offset: 0, maxBytes: 1, waitMs: 0 })).rejects.toMatchObject({
        code: 'TOPIC_NOT_COPIED',
      })
    }
    await second.stop()
    const third = await tier(101, [address], disk, { topics: ['b', 'c'] })
    await has(third, 'b', 'c')
    await copied(third, 'c')
    await until('readiness', () => third.node.api.readiness().reason === 'ready')
  })
})
