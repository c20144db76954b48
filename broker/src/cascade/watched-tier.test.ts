import { afterEach, expect, test, vi } from 'vitest'
import { Client } from '../doors/testing/running-gateway.ts'
import { publishTo, startTier, startTop } from './testing/tiers.ts'

const running: { stop(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop()
})

test('a client watches a cascade broker as it does one of level 0', async () => {
  const top = await startTop()
  running.push({ stop: () => top.gateway.close() })
  await top.broker.createTopic({ name: 't', partitions: 1, replicas: 1 })
  await publishTo(top.broker, 't', ['a'])
  const described = vi.spyOn(top.broker, 'describeTopic')
  const tier = await startTier(101, [top.address])
  running.push(tier)
  const clients = await Promise.all([1, 2, 3].map(() => new Client(tier.address).open()))
  running.push({ stop: async () => clients.forEach(({ socket }) => void socket.terminate()) })
  for (const client of clients) client.json({ op: 'watch', id: 'w', topics: ['t'] })
  const get = async (path: string) => (await fetch(`http://${tier.address}${path}`)).json()
  /** The first state of each that has this end of the topic. */
  const until = (end: number) =>
    Promise.all(
      clients.map(async (client) => {
        for (;;) {
          const state = await client.nextJson()
          if (state.described[0]?.partitions[0]?.highWatermark === end) return state
        }
      }),
    )
  const [state] = await until(1)
  const { cluster, topics } = state
  // Load changes all the time: watchers are not told.
  const whole = await get('/cluster')
  const withoutLoad = whole.brokers.map(({ load: _, ...broker }: { load?: object }) => broker)
  expect([cluster, { topics }]).toEqual([{ ...whole, brokers: withoutLoad }, await get('/topics')])
  expect(cluster.brokers.map(({ id, level }: { id: number; level: number }) => [id, level])).toEqual([
    [1, 0],
    [101, 1],
  ])
  const { settings: _, ...shown } = (await get('/topics/t')) as { settings: unknown }
  expect(state.described).toEqual([shown])
  described.mockClear()
  await publishTo(top.broker, 't', ['b', 'c'])
  await until(3)
  // The source is asked for all three at once.
  expect(described.mock.calls.length).toBeLessThan(2 * clients.length)
  await top.broker.deleteTopic('t')
  for (const client of clients) {
    let last = await client.nextJson()
    while (last.topics.length > 0) last = await client.nextJson()
    expect(last.described).toEqual([])
  }
})
