import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePortRange } from '../e2e/command-line.ts'
import { skipped } from '../runner/skipped.ts'
import { composeFolder, environmentOf, readComposeFile } from './compose-file.ts'

const program = fileURLToPath(new URL('../../broker/bin/tailrace.js', import.meta.url))
const health = fileURLToPath(new URL('../../deploy/docker/health.mjs', import.meta.url))
const { services } = readComposeFile()
const notRoot = process.getuid?.() !== 0

/**
 * What compose.yaml starts, without containers: the same environment, scripts and commands, with addresses of loopback
 * in the place of the names of services, and folders in the place of volumes.
 */
describe.skipIf(skipped(notRoot, 'the services of compose.yaml: only root gives files to other users'))(
  'the services of compose.yaml',
  () => {
    const place = mkdtempSync(join(tmpdir(), 'tailrace-compose-'))
    const secrets = join(place, 'secrets')
    const started: ChildProcess[] = []
    let firstPort = 0

    const address = (service: string, port = '8080') =>
      `127.0.0.1:${firstPort + (Number(service.split('-')[1]) % 100) + (port === '7080' ? 10 : service.startsWith('c') ? 20 : 0)}`
    const here = (service: string): NodeJS.ProcessEnv => ({
      PATH: `${place}/bin:${process.env.PATH}`,
      TAILRACE_DATA: join(place, 'data', service),
      ...Object.fromEntries(
        Object.entries(environmentOf(services[service]!)).map(([name, value]) => [
          name,
          value
            .replaceAll(/\b((?:broker|cascade)-\d+):(7080|8080)\b/g, (_, named, port) => address(named, port))
            .replace(/^(\/run\/secrets\/tailrace|\/secrets)\//, (_, folder) =>
              folder === '/secrets' ? `${secrets}/` : `${join(secrets, service)}/`,
            ),
        ]),
      ),
    })

    function start(service: string, command: string, args: readonly string[]): ChildProcess {
      const child = spawn(command, args, { env: here(service), detached: true, stdio: 'ignore' })
      started.push(child)
      return child
    }
    async function run(service: string, command: string, args: readonly string[]): Promise<string> {
      const child = spawn(command, args, { env: here(service) })
      let said = ''
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => (said += text))
      const [code] = (await once(child, 'close')) as [number]
      if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${said}`)
      return said
    }
    const script = (name: string) => [join(composeFolder, name), secrets]
    const startBroker = (service: string) =>
      start(service, process.execPath, [program, ...(services[service]!.command ?? ['broker'])])

    /** Until the health check of the service succeeds. */
    async function healthy(service: string): Promise<void> {
      const deadline = Date.now() + 30_000
      const [, , , path] = services[service]!.healthcheck!.test!
      for (;;) {
        const error = await run(service, process.execPath, [health, path!]).then(
          () => null,
          (reason: Error) => reason,
        )
        if (error === null) return
        if (Date.now() > deadline) throw error
      }
    }

    function get(service: string, path: string, token?: string): Promise<{ status: number; text: string }> {
      return new Promise((resolve, reject) => {
        const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
        const ca = readFileSync(join(secrets, 'prometheus/ca.crt'))
        const asked = request(`https://${address(service)}${path}`, { ca, headers }, (answer) => {
          let text = ''
          answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
          answer.on('end', () => resolve({ status: answer.statusCode!, text }))
        })
        asked.on('error', reject).end()
      })
    }

    beforeAll(async () => {
      firstPort = await freePortRange(30)
      for (const service of Object.keys(services)) mkdirSync(join(secrets, service), { recursive: true })
      mkdirSync(join(place, 'bin'))
      writeFileSync(join(place, 'bin/tailrace'), `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`)
      chmodSync(join(place, 'bin/tailrace'), 0o755)
      await run('secrets', 'sh', script('make-secrets.sh'))
      for (const broker of ['broker-1', 'broker-2', 'broker-3']) startBroker(broker)
      await Promise.all(['broker-1', 'broker-2', 'broker-3'].map(healthy))
      await run('set-up', 'sh', script('set-up.sh'))
      startBroker('cascade-101')
      await healthy('cascade-101')
    }, 60_000)
    afterAll(async () => {
      for (const child of started.filter(({ exitCode }) => exitCode === null)) {
        const ended = once(child, 'close')
        process.kill(-child.pid!, 'SIGKILL')
        await ended
      }
      rmSync(place, { recursive: true, force: true })
    })

    it('each has secrets that its own user alone can read', () => {
      const owners = {
        'broker-2/broker.key': 1000,
        'demo/token': 1000,
        'prometheus/token': 65534,
        'grafana/password': 472,
      }
      for (const [path, owner] of Object.entries(owners)) {
        const { uid, mode } = statSync(join(secrets, path))
        expect([path, uid, mode & 0o077]).toEqual([path, owner, 0])
      }
    })

    it('are made once: another start renews certificates and leaves the rest as it is', async () => {
      const kept = ['authority/ca.crt', 'broker-1/admin.token', 'prometheus/token', 'demo/token', 'grafana/password']
      const texts = () => kept.map((path) => readFileSync(join(secrets, path), 'utf8'))
      const [before, certificate] = [texts(), readFileSync(join(secrets, 'broker-1/broker.crt'), 'utf8')]
      await run('secrets', 'sh', script('make-secrets.sh'))
      await run('set-up', 'sh', script('set-up.sh'))
      expect(texts()).toEqual(before)
      expect(readFileSync(join(secrets, 'broker-1/broker.crt'), 'utf8')).not.toBe(certificate)
    }, 30_000)

    it('publish, and let the operator look, from the container of the first broker', async () => {
      const demo = start('demo', 'sh', [join(composeFolder, 'publish-demo.sh')])
      const read = async () => run('broker-1', 'tailrace', ['topic', 'describe', 'demo', '--json'])
      const records = (text: string) =>
        (JSON.parse(text) as { partitions: { highWatermark: number }[] }).partitions.reduce(
          (sum, { highWatermark }) => sum + highWatermark,
          0,
        )
      const deadline = Date.now() + 15_000
      while (records(await read()) === 0)
        if (Date.now() > deadline || demo.exitCode !== null) throw new Error('no record')
      expect(demo.exitCode).toBe(null)
    }, 30_000)

    it('give their metrics to Prometheus, and to nobody else', async () => {
      const token = readFileSync(join(secrets, 'prometheus/token'), 'utf8').trim()
      for (const service of ['broker-1', 'broker-3', 'cascade-101']) {
        const { status, text } = await get(service, '/metrics', token)
        expect([service, status]).toEqual([service, 200])
        expect(text).toContain('tailrace_log_writable 1')
        expect((await get(service, '/metrics')).status).toBe(401)
      }
      expect((await get('broker-1', '/topics/demo/partitions/0/records?offset=0', token)).status).toBe(403)
    })
  },
)
