import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { type Fixture, startGateway } from '../testing/running-gateway.ts'

let fixture: Fixture
beforeEach(async () => {
  fixture = await startGateway(nodeClock, nodeRandom, { receiveTimeoutMs: 300 })
})
afterEach(() => fixture.gateway.close())

function send(text: string): Socket {
  const socket = connect(Number(fixture.address.split(':')[1]), '127.0.0.1')
  socket.write(text)
  return socket
}

async function untilClosed(socket: Socket): Promise<string> {
  let text = ''
  for await (const piece of socket) text += piece
  return text
}

const head = (path: string, more: string) =>
  `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n${more}\r\n\r\n`

it.each([
  ['with a length', 'content-length: 90'],
  ['in chunks', 'transfer-encoding: chunked'],
])('a body %s of which nothing comes is late', async (_name, length) => {
  expect(await untilClosed(send(head('/topics/flights/records', length)))).toMatch(/^HTTP\/1\.1 408 .*TIMED_OUT/s)
})

it('so is one that its answer does not wait for', async () => {
  const text = await untilClosed(send(head('/topics/flights/records', 'content-encoding: gzip\r\ncontent-length: 90')))
  expect(text).toMatch(/^HTTP\/1\.1 415 /)
  expect(text).toContain('HTTP/1.1 408 ')
})

it('a connection whose bodies were whole stays', async () => {
  const body = '{"records":[{"value":"x"}]}'
  const socket = send(`${head('/topics/flights/records', `content-length: ${body.length}`)}${body}`)
  expect(String((await once(socket, 'data'))[0])).toContain('HTTP/1.1 200')
  const closed = once(socket, 'close').then(() => 'closed')
  const later = new Promise((resolve) => setTimeout(resolve, 2_000, 'open'))
  expect(await Promise.race([closed, later])).toBe('open')
  socket.destroy()
})
