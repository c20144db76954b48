import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { Client, type Fixture, startGateway } from '../testing/running-gateway.ts'

let fixture: Fixture
afterEach(() => fixture.gateway.close())

/** The gauges; the request for them has a connection of its own, which ends with the answer. */
async function shown(): Promise<Record<string, number>> {
  const text = await (await fetch(`${fixture.url}/metrics`, { headers: { connection: 'close' } })).text()
  const wanted =
    /^tailrace_(http_connections|websocket_connections|websocket_subscriptions)(?:\{transport="(\w+)"\})? (\S+)$/gm
  return Object.fromEntries([...text.matchAll(wanted)].map(([, name, of, value]) => [of ?? name!, Number(value)]))
}

async function dial(): Promise<Socket> {
  const [host, port] = fixture.address.split(':') as [string, string]
  const socket = connect(Number(port), host)
  await once(socket, 'connect')
  return socket
}

it('shows the connections of clients that are open, WebSockets apart, and the subscriptions of each kind', async () => {
  fixture = await startGateway(nodeClock, nodeRandom)
  const own = 1
  const none = { http_connections: own, websocket_connections: 0, websocket_json: 0, websocket_binary: 0 }
  await expect.poll(shown).toEqual(none)
  const sockets = await Promise.all([dial(), dial(), dial()])
  const [text, other] = [await new Client(fixture.address).open(), await new Client(fixture.address).open()]
  for (const id of ['a', 'b']) text.json({ op: 'subscribe', id, topic: 'flights' })
  const position = { kind: 'LATEST', value: 0 } as const
  other.frame('Subscribe', { subscription: 1, topic: 'flights', position, partitions: [], credit: 1000 })
  await expect
    .poll(shown)
    .toEqual({ http_connections: 3 + own, websocket_connections: 2, websocket_json: 2, websocket_binary: 1 })
  sockets[0]!.destroy()
  text.socket.terminate()
  await expect
    .poll(shown)
    .toEqual({ http_connections: 2 + own, websocket_connections: 1, websocket_json: 0, websocket_binary: 1 })
  for (const socket of sockets) socket.destroy()
  other.socket.terminate()
  await expect.poll(shown).toEqual(none)
})
