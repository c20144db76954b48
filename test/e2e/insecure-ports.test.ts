import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { readMetrics } from '../bench/broker-meter.ts'
import { skipped } from '../runner/skipped.ts'
import { freePortRange, type Started, start } from './command-line.ts'

/** A broker that listens on all addresses of this machine. */
const folder = mkdtempSync(join(tmpdir(), 'tailrace-insecure-'))
const own = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === 'IPv4' && !address.internal)?.address
let broker: Started | undefined

afterAll(async () => {
  broker?.child.kill('SIGKILL')
  await broker?.finished
  rmSync(folder, { recursive: true, force: true })
})

async function startBroker(name: string, ...flags: string[]): Promise<{ started: Started; port: number }> {
  const port = await freePortRange(2)
  const [http, peer] = [`0.0.0.0:${port}`, `127.0.0.1:${port + 1}`]
  const place = ['--data', join(folder, name), '--http', http, '--peer', peer, '--advertised-http', `127.0.0.1:${port}`]
  const started = start(['broker', '--id', '1', ...place, ...flags])
  broker = started
  return { started, port }
}

it('does not start without credentials; with --insecure the log, /readyz and a metric say which port is open', async () => {
  const refused = await startBroker('refused')
  const { code, out, err } = await refused.started.finished
  expect(code).toBe(2)
  expect(out + err).toMatch(/http listens on 0\.0\.0\.0:\d+, and clients need no credential there/)
  expect(out + err).toContain('insecure: true')

  const { started, port } = await startBroker('open', '--insecure')
  const sentence = `http listens on 0.0.0.0:${port}, and clients need no credential there`
  await vi.waitFor(async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`)
    const body = (await answer.json()) as { insecure: string[] }
    expect([answer.status, body.insecure]).toEqual([200, [expect.stringContaining(sentence)]])
  }, 20_000)
  expect(started.out() + started.err()).toContain(sentence)
  expect((await readMetrics(`127.0.0.1:${port}`)).get('tailrace_insecure_ports')).toBe(1)
  started.child.kill('SIGTERM')
  await started.finished
})

const noAddress = skipped(own === undefined, 'passwords in clear: this machine has no address but loopback', {
  evenInCi: true,
})
it.skipIf(noAddress)(
  'takes no password that came from another machine without TLS, over HTTP or WebSocket',
  async () => {
    const { started, port } = await startBroker('asking', '--authentication', 'required', '--hosts', own!)
    const http = `http://${own}:${port}`
    await vi.waitFor(async () => expect((await fetch(`${http}/readyz`)).status).toBe(200), 20_000)
    const authorization = `Basic ${Buffer.from('alice:pencil').toString('base64')}`
    const answer = await fetch(`${http}/topics`, { headers: { authorization } })
    const taken = 'A password is taken over TLS, or from this machine itself.'
    expect(await answer.json()).toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      message: expect.stringContaining(taken),
    })
    const socket = new WebSocket(`ws://${own}:${port}/stream`)
    await once(socket, 'open')
    socket.send(JSON.stringify({ op: 'authenticate', id: 1, user: 'alice', password: 'pencil' }))
    const [message] = await once(socket, 'message')
    expect(JSON.parse(String(message))).toMatchObject({
      op: 'error',
      id: 1,
      code: 'AUTHENTICATION_FAILED',
      message: expect.stringContaining(taken),
    })
    socket.terminate()
    started.child.kill('SIGTERM')
    await started.finished
  },
)
