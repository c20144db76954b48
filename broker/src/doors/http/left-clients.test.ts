import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeCrypto } from '../../platform/node/crypto.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { MemoryTables } from '../../security/testing/memory-tables.ts'
import { type Fixture, startGateway } from '../testing/running-gateway.ts'

/** Clients that leave while the broker finds out who they are, or lets them wait. */

let tables: MemoryTables
let fixture: Fixture
/** Passwords that are being checked: each ends its check. */
let checks: (() => void)[]
/** Checks wait for the test to end them. */
let isHeld: boolean
beforeEach(async () => {
  tables = new MemoryTables()
  await tables.user('alice', 'pencil')
  checks = []
  isHeld = true
  const crypto: typeof nodeCrypto = {
    ...nodeCrypto,
    pbkdf2: async (...parts) => {
      if (isHeld) await new Promise<void>((resolve) => checks.push(resolve))
      return nodeCrypto.pbkdf2(...parts)
    },
  }
  fixture = await startGateway(nodeClock, nodeRandom, {}, undefined, { crypto, tables: () => tables })
})
afterEach(() => fixture.gateway.close())

const authorization = `Basic ${Buffer.from('alice:pencil').toString('base64')}`
const metrics = () => fixture.gateway.registry.metrics()
const open = async () => /^tailrace_http_connections (\d+)$/m.exec(await metrics())![1]
const checked = async (): Promise<() => void> => {
  await vi.waitFor(() => expect(checks.length).toBe(1))
  return checks.pop()!
}

/** Sends a request, and leaves when `at` resolves. */
async function leave(path: string, headers: string[], at: () => Promise<unknown>): Promise<void> {
  const before = await open()
  const [host, port] = fixture.address.split(':')
  const socket = connect(Number(port), host)
  await once(socket, 'connect')
  socket.write([`GET ${path} HTTP/1.1`, 'host: localhost', ...headers, '', ''].join('\r\n'))
  await at()
  socket.destroy()
  await vi.waitFor(async () => expect(await open()).toBe(before))
}

it('while their password is checked count for no quota, and their requests do nothing', async () => {
  tables.quota({ principal: 'User:alice' }, { connections: 1 })
  let check = (): void => {}
  const path = '/topics/flights/partitions/0/records?waitMs=5000'
  await leave(path, [`authorization: ${authorization}`], async () => (check = await checked()))
  // The next request may come before this check is over, and begins one of its own then.
  isHeld = false
  check()
  expect((await fetch(`${fixture.url}/topics`, { headers: { authorization } })).status).toBe(200)
  expect(fixture.broker.fetches).toBe(0)
})

it('while they wait for a quota have their request not carried out', async () => {
  tables.quota({ clientId: 'a' }, { requestsPerSecond: 2 })
  const headers = { 'tailrace-client-id': 'a' }
  await Promise.all([1, 2, 3].map(() => fetch(`${fixture.url}/topics`, { headers })))
  const waiting = vi.waitFor(async () => expect(await metrics()).toMatch(/tailrace_throttled_total.*delayed"} [2-9]/))
  await leave('/topics/flights/partitions/0/records?waitMs=5000', ['tailrace-client-id: a'], () => waiting)
  await vi.waitFor(async () => expect(await metrics()).toContain('code="ABORTED"'), 3_000)
  expect(fixture.broker.fetches).toBe(0)
})
