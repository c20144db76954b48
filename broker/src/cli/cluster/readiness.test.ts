import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { nodeClock } from '../../platform/node/clock.ts'
import { askReadiness } from './readiness.ts'

let server: Server
let answer: { readonly status: number; readonly body: string }

beforeEach(async () => {
  server = createServer((_request, response) => response.writeHead(answer.status).end(answer.body))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(() => {
  server.close()
  server.closeAllConnections()
})

function ask(status: number, body: string): Promise<string | null> {
  answer = { status, body }
  const { port } = server.address() as AddressInfo
  return askReadiness(`127.0.0.1:${port}`, nodeClock, new AbortController().signal)
}

it('tells what a broker waits for in its words, and the beginning of what no broker would answer', async () => {
  const reason = `The cluster is not formed; waiting for ${'127.0.0.1:7081, '.repeat(30)}`
  expect(await ask(503, JSON.stringify({ ready: false, reason, code: 'NOT_READY' }))).toBe(reason)
  expect(await ask(502, 'x'.repeat(1_000))).toBe('x'.repeat(300))
  expect(await ask(503, '{"code":"NOT_READY"}')).toBe('{"code":"NOT_READY"}')
  expect(await ask(200, '{"ready":true}')).toBe(null)
})
