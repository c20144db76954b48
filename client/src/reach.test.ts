import { createServer } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { TestCluster } from '../testing/index.ts'
import { Client } from './client.ts'
import type { StatusChange } from './connection-status.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

function client(servers: readonly string[]): { client: Client; changes: StatusChange[] } {
  const made = new Client({ servers, connectTimeoutMs: 200, logger: null })
  closing.push(() => made.close())
  const changes: StatusChange[] = []
  made.on('status', (change) => changes.push(change))
  return { client: made, changes }
}

/** A port that takes connections and says nothing. */
async function silentServer(): Promise<string> {
  const server = createServer((socket) => closing.push(() => socket.destroy()))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()))
  closing.push(() => server.close())
  return `ws://127.0.0.1:${(server.address() as { port: number }).port}`
}

describe('connect', () => {
  test('resolves when a broker has answered, whichever of the servers it is', async () => {
    const cluster = await TestCluster.start({})
    closing.push(() => cluster.close())
    const { client: made, changes } = client(['ws://127.0.0.1:1', ...cluster.servers])
    await made.reach()
    expect(made.status).toBe('connected')
    expect(changes.at(-1)).toEqual({ status: 'connected' })
  })

  test('fails within its time, with the reason of each server', async () => {
    const silent = await silentServer()
    const { client: made, changes } = client(['ws://127.0.0.1:1', silent])
    const started = performance.now()
    const failure = (await made.reach({ timeoutMs: 700 }).catch((error: unknown) => error)) as Error
    expect(performance.now() - started).toBeLessThan(3_000)
    expect(failure).toMatchObject({ code: 'CONNECTION_LOST' })
    expect(failure.message).toContain('ws://127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1.')
    expect(failure.message).toContain(`${silent}: `)
    expect(failure.message).toContain('Is a broker running there')
    expect(changes).toHaveLength(1)
    expect(changes[0]).toMatchObject({ status: 'disconnected', error: { code: 'CONNECTION_LOST' } })
  })

  test('ends with its signal, with the client, and not at all with a time that is none', async () => {
    const { client: made } = client(['ws://127.0.0.1:1'])
    await expect(made.reach({ signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ code: 'ABORTED' })
    await expect(made.reach({ timeoutMs: 0 })).rejects.toMatchObject({ code: 'INVALID_SETTING' })
    const waiting = made.reach()
    made.close()
    await expect(waiting).rejects.toMatchObject({ code: 'CLOSED' })
    expect(made.status).toBe('closed')
  })
})

test('the loss of the last connection is told, that of another is not', async () => {
  const cluster = await TestCluster.start({})
  closing.push(() => cluster.close())
  const { client: made, changes } = client(cluster.servers)
  await made.reach()
  const connections = await Promise.all(cluster.servers.map((server) => made.connect(server)))
  for (const [at, connection] of connections.entries()) {
    expect(changes).toHaveLength(1)
    connection.destroy(`cut ${at}`)
  }
  expect(changes[1]).toMatchObject({ status: 'disconnected', error: { message: expect.stringContaining('cut') } })
})

test('a logger is checked', () => {
  expect(() => new Client({ servers: ['ws://a:1'], logger: {} as never })).toThrow('it has no function info')
})
