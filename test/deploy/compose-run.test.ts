import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { skipped } from '../runner/skipped.ts'
import { composeFolder } from './compose-file.ts'
import { ComposeServices } from './compose-services.ts'
import { onlyInTrouble, queriesOf, readDashboards } from './dashboard-queries.ts'
import { PrometheusApi } from './prometheus-api.ts'
import { lacks } from './tools.ts'

/** Depends on what else fills the disk of this machine; it fires after half an hour only. */
const mayBePending = 'TailraceDiskFillsUp'
const levelZero = ['broker-1', 'broker-2', 'broker-3']
let cluster: ComposeServices
const seen = new PrometheusApi(() => cluster.sparePort)

describe('the services of compose.yaml', () => {
  beforeAll(async () => {
    cluster = await ComposeServices.create()
    await cluster.script('secrets', 'make-secrets.sh')
    for (const broker of levelZero) cluster.startBroker(broker)
    await Promise.all(levelZero.map((broker) => cluster.healthy(broker)))
    await cluster.script('set-up', 'set-up.sh')
    for (const cascade of ['cascade-101', 'cascade-102']) cluster.startBroker(cascade)
    await Promise.all(['cascade-101', 'cascade-102'].map((cascade) => cluster.healthy(cascade)))
  }, 90_000)
  afterAll(() => cluster?.stop())

  const secret = (path: string) => readFileSync(join(cluster.secrets, path), 'utf8')

  it('each has secrets that its own user alone can read', () => {
    const owners = {
      'broker-2/broker.key': 1000,
      'demo/token': 1000,
      'prometheus/token': 65534,
      'set-up/admin.token': 0,
      'grafana/password': 472,
    }
    for (const [path, owner] of Object.entries(owners)) {
      const { mode } = statSync(join(cluster.secrets, path))
      expect([path, cluster.ownerOf(path), mode & 0o077]).toEqual([path, owner, 0])
    }
    expect(readdirSync(join(cluster.secrets, 'set-up')).sort()).toEqual(['admin.token', 'ca.crt'])
  })

  it('are made once: another start renews certificates and leaves the rest as it is', async () => {
    const kept = ['authority/ca.crt', 'broker-1/admin.token', 'prometheus/token', 'demo/token', 'grafana/password']
    const [before, certificate] = [kept.map(secret), secret('broker-1/broker.crt')]
    await cluster.script('secrets', 'make-secrets.sh')
    await cluster.script('set-up', 'set-up.sh')
    expect(kept.map(secret)).toEqual(before)
    expect(secret('broker-1/broker.crt')).not.toBe(certificate)
  }, 30_000)

  it('publish, and let the operator look, from the container of the first broker', async () => {
    const demo = cluster.start('demo', 'sh', [join(composeFolder, 'publish-demo.sh')])
    const deadline = Date.now() + 15_000
    for (;;) {
      const text = await cluster.run('broker-1', 'tailrace', ['topic', 'describe', 'demo', '--json'])
      const { partitions } = JSON.parse(text) as { partitions: { highWatermark: number }[] }
      if (partitions.some(({ highWatermark }) => highWatermark > 0)) break
      if (Date.now() > deadline) throw new Error('There is no record.')
    }
    expect(demo.exitCode).toBe(null)
  }, 30_000)

  it('give their metrics to Prometheus, and to nobody else', async () => {
    const token = secret('prometheus/token').trim()
    for (const service of ['broker-1', 'broker-3', 'cascade-101']) {
      const { status, text } = await get(service, '/metrics', token)
      expect([service, status]).toEqual([service, 200])
      expect(text).toContain('tailrace_log_writable 1')
      expect((await get(service, '/metrics')).status).toBe(401)
    }
    expect((await get('broker-1', '/topics/demo/partitions/0/records?offset=0', token)).status).toBe(403)
  })

  watchedByPrometheus()
})

function watchedByPrometheus(): void {
  const noPrometheus = lacks('prometheus')
  describe.skipIf(skipped(noPrometheus, 'what Prometheus sees of a cluster: there is no prometheus'))(
    'Prometheus',
    () => {
      beforeAll(startPrometheus, 60_000)

      it('answers the queries of all dashboards', async () => {
        const queries = [...new Set(readDashboards().flatMap(queriesOf))].filter((query) => !onlyInTrouble.test(query))
        expect(queries.length).toBeGreaterThan(80)
        // The first rates are there with the second scrape, and after the first records.
        expect(await seen.silentOf(queries, 30_000)).toEqual([])
      }, 60_000)

      it('can evaluate each alert, and sees none fire', async () => {
        // An alert is pending from the first scrape on that sees its condition, such as a leader of some milliseconds
        // that no follower has answered yet.
        const deadline = Date.now() + 30_000
        for (;;) {
          const rules = await alertRules()
          expect(rules.length).toBeGreaterThan(30)
          for (const { name, health, lastError } of rules)
            expect([name, health, lastError]).toEqual([name, 'ok', undefined])
          const states = rules.filter(({ state }) => state !== 'inactive').map(({ name, state }) => `${name} ${state}`)
          const alarming = states.filter((state) => state !== `${mayBePending} pending`)
          if (alarming.length === 0) break
          expect(alarming.filter((state) => state.endsWith('firing'))).toEqual([])
          if (Date.now() > deadline) throw new Error(`Alerts stay pending: ${alarming.join(', ')}`)
          await sleep(500)
        }
      }, 60_000)

      it('sees a broker that is down', async () => {
        await cluster.kill('broker-3')
        const deadline = Date.now() + 30_000
        while ((await seen.ask('ALERTS{alertname="TailraceBrokerDown"}')).length === 0)
          if (Date.now() > deadline) throw new Error('TailraceBrokerDown is not pending.')
        const down = await seen.ask('up == 0')
        expect(down.map(({ metric }) => metric.instance)).toEqual([cluster.address('broker-3')])
      }, 60_000)
    },
  )
}

interface AlertRule {
  readonly name: string
  readonly health: string
  readonly state: string
  readonly lastError?: string
}

async function alertRules(): Promise<readonly AlertRule[]> {
  const { groups } = await seen.get<{ groups: { rules: AlertRule[] }[] }>('/api/v1/rules')
  return groups.flatMap((group) => group.rules)
}

/** The configuration and the rules of deploy/, with addresses of this machine, and asking each second. */
async function startPrometheus(): Promise<void> {
  const folder = join(cluster.folder, 'prometheus')
  cpSync(fileURLToPath(new URL('../../deploy/prometheus/', import.meta.url)), folder, { recursive: true })
  cpSync(join(cluster.secrets, 'prometheus'), join(folder, 'secrets'), { recursive: true })
  const config = parse(readFileSync(join(folder, 'prometheus.yml'), 'utf8')) as {
    global: Record<string, string>
    scrape_configs: { static_configs: { targets: string[] }[] }[]
  }
  config.global = { scrape_interval: '1s', evaluation_interval: '1s' }
  const [targets] = config.scrape_configs[0]!.static_configs
  targets!.targets = targets!.targets.map((target) => cluster.address(target.replace(':8080', '')))
  writeFileSync(join(folder, 'prometheus.yml'), stringify(config))
  cluster.start('prometheus', 'prometheus', [
    `--config.file=${folder}/prometheus.yml`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${cluster.sparePort}`,
  ])
  const deadline = Date.now() + 30_000
  for (;;) {
    const up = await seen.ask('count(up == 1)').catch(() => [])
    if (up[0]?.value[1] === '5') return
    if (Date.now() > deadline) throw new Error(`Prometheus does not see five brokers: ${JSON.stringify(up)}`)
  }
}

function get(service: string, path: string, token?: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const ca = readFileSync(join(cluster.secrets, 'prometheus/ca.crt'))
    const asked = request(`https://${cluster.address(service)}${path}`, { ca, headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      answer.on('end', () => resolve({ status: answer.statusCode!, text }))
    })
    asked.on('error', reject).end()
  })
}
