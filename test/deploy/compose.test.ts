import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fromEnvironment } from '../../broker/src/config/given-settings.ts'
import { resolveSettings } from '../../broker/src/config/resolve-settings.ts'
import { skipped } from '../runner/skipped.ts'
import { type ComposeFile, composeFolder, environmentOf, readComposeFile } from './compose-file.ts'
import { judge, lacks } from './tools.ts'

const file = readComposeFile()
const services = Object.entries(file.services)
const brokers = services.filter(([name]) => /^(broker|cascade)-\d+$/.test(name))

/** The loader of Docker Compose, as a program of its own; it needs no Docker. */
const noLoader = lacks('compose-spec')
describe.skipIf(skipped(noLoader, 'compose.yaml: there is no compose-spec, the loader of Docker Compose'))(
  'the loader of Docker Compose',
  () => {
    const load = (input?: string) =>
      judge('compose-spec', ['-format', 'json', input === undefined ? 'compose.yaml' : '-'], {
        cwd: composeFolder,
        ...(input === undefined ? {} : { input }),
      })

    it('takes the file, and understands each service as the tests do', () => {
      const { code, said } = load()
      expect(code, said).toBe(0)
      const model = JSON.parse(said) as ComposeFile
      expect(Object.keys(model.services).sort()).toEqual(Object.keys(file.services).sort())
      for (const [name, service] of services)
        expect(model.services[name]!.environment ?? {}, name).toEqual(service.environment ?? {})
    })

    it('refuses a word that it does not know', () => {
      const { code, said } = load('name: a\nservices: { a: { image: b, read_onli: true } }\n')
      expect(code).toBe(1)
      expect(said).toContain('read_onli')
    })
  },
)

it('runs three brokers, two cascade brokers, a publisher, Prometheus and Grafana', () => {
  expect(Object.keys(file.services).sort()).toEqual(
    'broker-1 broker-2 broker-3 cascade-101 cascade-102 demo grafana prometheus secrets set-up'.split(' '),
  )
})

describe.each(services)('%s', (_, service) => {
  it('has a root that it cannot write to, no capabilities but those it names, and no more privileges', () => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    })
  })

  it('is reached from this machine only', () => {
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/)
  })

  it('has no secret in its environment, arguments or image', () => {
    const secret = Object.keys(service.environment ?? {}).filter((name) => /TOKEN|PASSWORD|SECRET|KEY/.test(name))
    expect(secret.filter((name) => !name.endsWith('_FILE'))).toEqual([])
    expect([...(service.command ?? []), ...(service.entrypoint ?? [])].join(' ')).not.toMatch(/token|password|key/)
  })

  it('mounts what there is', () => {
    for (const volume of service.volumes ?? []) {
      const source = volume.split(':')[0]!
      if (source.startsWith('.')) expect(existsSync(join(composeFolder, source)), source).toBe(true)
      else expect(Object.keys(file.volumes)).toContain(source)
    }
  })
})

/** The services that mount a volume. */
const usersOf = (name: string) =>
  services
    .filter(([, { volumes = [] }]) => volumes.some((volume) => volume.startsWith(`${name}:`)))
    .map(([user]) => user)
    .sort()

it('the key of the CA and the password of Grafana are where they are needed only', () => {
  expect(usersOf('authority')).toEqual(['secrets'])
  expect(usersOf('secrets-grafana')).toEqual(['grafana', 'secrets'])
  expect(usersOf('secrets-set-up')).toEqual(['secrets', 'set-up'])
})

describe.each(brokers)('%s', (name, service) => {
  const warnings: string[] = []
  const given = fromEnvironment({ ...environmentOf(service), TAILRACE_DATA: '/var/lib/tailrace/data' }, (warning) =>
    warnings.push(warning),
  )
  const settings = resolveSettings({ flags: new Map(), environment: given, file: new Map() })
  const isCascade = name.startsWith('cascade')

  it('is the broker of its name, closed to strangers', () => {
    expect(warnings).toEqual([])
    expect(name).toMatch(new RegExp(`-${settings.id}$`))
    expect(settings.http).toBe(`${name}:8080`)
    expect(settings).toMatchObject({ authentication: 'required', tls: 'required', insecure: false })
    expect(isCascade ? settings.sourceTls : settings.peerTls).toBe('required')
    expect(service.command).toEqual(isCascade ? ['cascade'] : undefined)
  })

  it('has time to stop', () => {
    expect(Number.parseInt(service.stop_grace_period!, 10) * 1000).toBeGreaterThanOrEqual(
      2 * settings.shutdownTimeoutMs,
    )
  })

  it('has secrets of its own', () => {
    expect(service.volumes).toContain(`secrets-${name}:/run/secrets/tailrace:ro`)
    expect(usersOf(`secrets-${name}`)).toEqual([name, 'secrets'])
  })
})
