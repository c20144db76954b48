import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { type Fixture, startGateway } from '../testing/running-gateway.ts'

const reader = 'https://reader.example'
const writer = 'https://writer.example'
let fixture: Fixture
beforeAll(async () => {
  fixture = await startGateway(nodeClock, nodeRandom, { readOrigins: [reader], writeOrigins: [writer] })
})
afterAll(() => fixture.gateway.close())

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

async function asks(origin: string, method = 'GET', path = '/topics', body?: object): Promise<Answer> {
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
  const headers = { origin, 'access-control-request-method': 'POST', ...type }
  const response = await fetch(fixture.url + path, { method, headers, body: JSON.stringify(body) })
  return { status: response.status, headers: response.headers, body: await response.text() }
}

const allowed = ({ headers }: Answer) => headers.get('access-control-allow-origin')

function expectRefused(answer: Answer, message = ''): void {
  expect([answer.status, JSON.parse(answer.body)]).toMatchObject([403, { code: 'ORIGIN_REFUSED', retriable: false }])
  expect(answer.body).toContain(message)
}

async function routes(): Promise<[method: string, path: string][]> {
  const { paths } = (await (await fetch(`${fixture.url}/openapi.json`)).json()) as { paths: Record<string, object> }
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method): [string, string] => [method.toUpperCase(), path.replaceAll(/\{[a-z]+\}/g, '1')]),
  )
}

async function raw(text: string): Promise<string> {
  const [host, port] = fixture.address.split(':')
  const socket = connect(Number(port), host)
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk
  })
  socket.write(text)
  await once(socket, 'close')
  return answer
}

test('pages of other origins may do nothing, and those of configured ones as much as is configured', async () => {
  const topic = { name: 'x', partitions: 1, replicas: 1 }
  const evil = 'https://evil.example'
  for (const [method, path] of await routes()) {
    const answer = await asks(evil, method, path)
    expectRefused(answer)
    expect(allowed(answer)).toBe(null)
    // A cache between must not give this answer to another origin, nor another's to this one.
    expect(answer.headers.get('vary')).toBe('origin')
  }
  const read = await asks(reader)
  expect(read.headers.get('vary')).toBe('origin')
  expect([read.status, allowed(read)]).toEqual([200, reader])
  expectRefused(await asks(reader, 'POST', '/topics', topic), 'may read')
  expectRefused(await asks(reader, 'DELETE', '/topics/flights'))
  const preflight = async (origin: string) => {
    const answer = await asks(origin, 'OPTIONS')
    return [answer.status, allowed(answer), answer.headers.get('access-control-allow-methods')]
  }
  expect(await preflight(evil)).toEqual([204, null, ''])
  expect(await preflight(reader)).toEqual([204, reader, 'GET, HEAD'])
  expect(await preflight(writer)).toEqual([204, writer, 'GET, HEAD, POST, PUT, PATCH, DELETE'])
  expect((await asks(fixture.url, 'POST', '/topics', { ...topic, name: 'own' })).status).toBe(201)
  expect((await asks(writer, 'POST', '/topics', { ...topic, name: 'theirs' })).status).toBe(201)
})

test('requests with two Host headers are refused on every route, the upgrade included', async () => {
  const upgrade = `upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${'A'.repeat(22)}==\r\n`
  const requests = [
    ...(await routes()).map((route) => [...route, 'connection: close\r\n']),
    ['GET', '/stream', upgrade],
  ]
  for (const [method, path, headers] of requests) {
    for (const hosts of ['host: 127.0.0.1\r\nHOST: evil.example', 'host: 127.0.0.1\r\nx: y\r\nhost: 127.0.0.1']) {
      const connection = headers === upgrade ? `connection: upgrade\r\n${upgrade}` : headers
      const answer = await raw(`${method} ${path} HTTP/1.1\r\n${hosts}\r\n${connection}\r\n`)
      expect(answer, `${method} ${path}`).toMatch(/^HTTP\/1.1 400 .*"message":"[^"]*more than one Host header/s)
    }
  }
})

test('requests for other hosts are refused on every route, the upgrade included', async () => {
  for (const [method, path] of await routes()) {
    const rebound = 'host: evil.example:8080\r\norigin: http://evil.example:8080\r\nconnection: close\r\n\r\n'
    expect(await raw(`${method} ${path} HTTP/1.1\r\n${rebound}`)).toMatch(/^HTTP\/1.1 421 .*"code":"HOST_REFUSED"/s)
  }
  // Its connection is closed, too: no other code would.
  const upgrade = `connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${'A'.repeat(22)}==\r\n`
  expect(await raw(`GET /stream HTTP/1.1\r\nhost: evil.example\r\n${upgrade}\r\n`)).toMatch(/^HTTP\/1.1 421 /)
  const foreign = `host: 127.0.0.1\r\norigin: https://evil.example\r\n${upgrade}`
  expect(await raw(`GET /stream HTTP/1.1\r\n${foreign}\r\n`)).toMatch(/^HTTP\/1.1 403 /)
})
