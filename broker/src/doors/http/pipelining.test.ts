import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { Client, type Fixture, startGateway } from '../testing/running-gateway.ts'
import { mostInATurn } from '../testing/turn-measure.ts'

let fixture: Fixture
let socket: Socket
let received: string
beforeEach(async () => {
  fixture = await startGateway(nodeClock, nodeRandom)
  const [host, port] = fixture.address.split(':')
  socket = connect(Number(port), host)
  received = ''
  socket.setEncoding('latin1').on('data', (text) => void (received += text))
})
afterEach(async () => {
  socket.destroy()
  await fixture.gateway.close()
})

function request(line: string, body = ''): string {
  const headers = body === '' ? '' : `content-type: application/json\r\ncontent-length: ${body.length}\r\n`
  // So long that one read brings fewer than may be at work at once.
  const padding = `x: ${'x'.repeat(400)}\r\n`
  return `${line} HTTP/1.1\r\nhost: ${fixture.address}\r\n${padding}${headers}\r\n${body}`
}
const answers = (status: number) => received.split(`HTTP/1.1 ${status} `).length - 1

/** The broker's calls, counted. */
function counted(method: 'describeTopic' | 'publish'): () => number {
  let calls = 0
  const call = fixture.broker[method].bind(fixture.broker) as (...args: unknown[]) => never
  fixture.broker[method] = (...args: unknown[]) => {
    calls++
    return call(...args)
  }
  return () => calls
}

test.each([
  ['describeTopic', 'GET /topics/flights', ''],
  ['publish', 'POST /topics/flights/records', '{"records":[{"value":"x","partition":0}]}'],
] as const)('%s: a flood of requests on one connection is handled a read at a time', async (method, line, body) => {
  const calls = counted(method)
  const text = request(line, body)
  const requests = 3_000
  socket.write(text.repeat(requests))
  expect(await mostInATurn(calls, requests)).toBeLessThan((4 * 64 * 1024) / text.length)
  await vi.waitFor(() => expect(answers(200)).toBe(requests), 20_000)
  // Then the next read is handled.
  socket.write(text)
  await vi.waitFor(() => expect(answers(200)).toBe(requests + 1), 10_000)
})

test('a WebSocket is opened behind requests that were sent ahead', async () => {
  socket.write(request('GET /topics/flights').repeat(100))
  const upgrade = `GET /stream HTTP/1.1\r\nhost: ${fixture.address}\r\nupgrade: websocket\r\nconnection: upgrade\r\n`
  socket.write(`${upgrade}sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`)
  await vi.waitFor(() => expect(answers(101)).toBe(1), 10_000)
  // A text frame, masked with zeros: an empty object.
  socket.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x7b, 0x7d]))
  await vi.waitFor(() => expect(received).toContain('INVALID_REQUEST'), 10_000)
  expect(await new Client(fixture.address).open()).toBeDefined()
})
