import type { Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ConsumerGroupBeat } from '../../api/consumer-groups-api.ts'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { Client, type Fixture, startGateway } from '../testing/running-gateway.ts'

const KEEP_ALIVE_MS = 100

let fixture: Fixture
beforeEach(async () => {
  fixture = await startGateway(nodeClock, nodeRandom, { keepAliveMs: KEEP_ALIVE_MS })
})
afterEach(() => fixture.gateway.close())

const asked = () => fixture.consumerGroups.asked.map(({ request }) => request as ConsumerGroupBeat)
const epochs = () => asked().map(({ epoch }) => epoch)

/** A client whose beat has been answered. */
async function member(fields: { number?: number; via?: string } = { number: 1 }): Promise<Client> {
  const client = await new Client(fixture.address).open()
  const common = { clientId: '', instance: '', rack: '', sessionMs: 10_000, waitMs: 0, owned: [], stuck: [] }
  const request = { 'tailrace.groups.Beat': { epoch: 7, ...common, subscribed: null, ...fields } }
  client.frame('ConsumerGroup', { correlation: 1, group: 'g', member: 'm', request })
  await client.nextFrame()
  return client
}

test('the coordinator is told of the member of a client that ends its connection without a word', async () => {
  const client = await member()
  client.socket.terminate()
  await expect.poll(epochs).toEqual([7, -3])
  const [before, after] = asked()
  expect(before!.via).toMatch(/^1\.[0-9a-f-]{36}$/)
  expect(after).toMatchObject({ group: 'g', member: 'm', via: before!.via, owned: [], sessionMs: 10_000 })
  expect(fixture.logged).toEqual([])
})

test('and of one whose machine resets it', async () => {
  const client = await member()
  rawSocket(client.socket).resetAndDestroy()
  await expect.poll(epochs).toEqual([7, -3])
})

test.each<[string, (client: Client) => unknown]>([
  ['says goodbye', ({ socket }) => socket.close()],
  ['sends what is no WebSocket frame', ({ socket }) => rawSocket(socket).write(Buffer.alloc(100, 255))],
  ['does not answer pings', ({ socket }) => socket.pause()],
])('it is not told where a client %s', async (_, end) => {
  const client = await member()
  end(client)
  await expect.poll(() => fixture.gateway.registry.metrics()).toContain('tailrace_websocket_connections 0')
  // Told behind it, if it were.
  ;(await member({ number: 2 })).socket.terminate()
  await expect.poll(epochs).toContain(-3)
  expect(asked().filter(({ epoch }) => epoch === -3)).toMatchObject([{ number: 2 }])
})

test('it is not told where the broker ends', async () => {
  const client = await member()
  await fixture.gateway.close()
  await client.closed
  expect(epochs()).toEqual([7])
})

test('it is not told of a member that takes no part, or has come by another broker', async () => {
  ;(await member({})).socket.terminate()
  ;(await member({ number: 1, via: '9.x' })).socket.terminate()
  ;(await member({ number: 2 })).socket.terminate()
  await expect.poll(epochs).toContain(-3)
  expect(asked().map(({ epoch, number = 0 }) => [epoch, number])).toEqual([
    [7, 0],
    [7, 1],
    [7, 2],
    [-3, 2],
  ])
  expect(asked()[1]!.via).toMatch(/^1\.[0-9a-f-]{36}\/9\.x$/)
})

function rawSocket(socket: Client['socket']): Socket {
  return (socket as unknown as { _socket: Socket })._socket
}
