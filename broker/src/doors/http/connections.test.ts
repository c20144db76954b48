import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { type Fixture, startGateway } from '../testing/running-gateway.ts'

let fixture: Fixture
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await fixture.gateway.close()
})

async function dial(sent = ''): Promise<Socket> {
  const [host, port] = fixture.address.split(':')
  const socket = connect(Number(port), host)
  sockets.push(socket)
  socket.on('error', () => {})
  socket.resume()
  await once(socket, 'connect')
  socket.write(sent)
  return socket
}
const isOpen = (socket: Socket) => socket.readyState === 'open'
const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`

test('connections without a request make room for new ones, those that wait for an answer do not', async () => {
  fixture = await startGateway(nodeClock, nodeRandom, { maxConnections: 6 })
  const poll = await dial(get('/topics/flights/partitions/0/records?waitMs=20000'))
  const stream = await dial(
    'GET /stream HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  )
  await expect.poll(() => fixture.broker.topics.get('flights')!.partitions[0]!.waiting.size).toBe(1)
  const idle: Socket[] = []
  for (let n = 0; n < 30; n++) idle.push(await dial())
  await expect.poll(() => idle.filter(isOpen).length).toBe(4)
  expect(idle.slice(-4).every(isOpen)).toBe(true)
  // One that has sent a request stays, however many come that have not.
  const asked = await dial(get('/healthz'))
  await once(asked, 'data')
  for (let n = 0; n < 10; n++) idle.push(await dial())
  await expect.poll(() => idle.filter(isOpen).length).toBe(3)
  expect(isOpen(asked)).toBe(true)
  const response = await fetch(`${fixture.url}/topics`, { headers: { connection: 'close' } })
  expect([response.status, isOpen(poll), isOpen(stream)]).toEqual([200, true, true])
})

test('where every connection is at work a new one is dropped', async () => {
  fixture = await startGateway(nodeClock, nodeRandom, { maxConnections: 2 })
  const path = (partition: number) => `/topics/flights/partitions/${partition}/records?waitMs=20000`
  const polls = [await dial(get(path(0))), await dial(get(path(1)))]
  const { partitions } = fixture.broker.topics.get('flights')!
  await expect.poll(() => partitions.map(({ waiting }) => waiting.size)).toEqual([1, 1, 0])
  const third = await dial()
  await expect.poll(() => isOpen(third)).toBe(false)
  expect(polls.every(isOpen)).toBe(true)
})
