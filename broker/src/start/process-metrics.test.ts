import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { resolveSettings } from '../config/resolve-settings.ts'
import { register } from './metrics/metrics-registry.ts'
import { processMetrics } from './process-metrics.ts'
import { changedSettings, shownSettings } from './shown-settings.ts'

/** Settings of a broker with these flags. */
function settingsWith(flags: Record<string, string>) {
  const given = Object.entries({ id: '1', data: '/d', ...flags }).map(
    ([name, value]) => [name as never, { value, origin: name }] as const,
  )
  return resolveSettings({ flags: new Map(given), environment: new Map(), file: new Map() })
}

test('settings that differ from their default are told, numbers and words by their value, all else as set', () => {
  expect(changedSettings(settingsWith({ http: '127.0.0.1:1' }))).toEqual([])
  // The heartbeat follows the election timeout, and so differs from nothing.
  const secret = 'https://user:hunter2@issuer.example/keys'
  const changed = changedSettings(
    settingsWith({
      electionTimeoutMs: '1000',
      tailBytes: '128 MiB',
      logLevel: 'warn',
      authentication: 'required',
      jwksUrl: secret,
      jwtIssuer: 'hunter2',
      jwtAudience: 'hunter2',
      superUsers: 'User:hunter2',
      adminTokenFile: '/hunter2',
      metricsPerPartition: 'false',
    }),
  )
  expect(Object.fromEntries(changed)).toEqual({
    electionTimeoutMs: '1000 ms',
    tailBytes: '128 MiB',
    logLevel: 'warn',
    authentication: 'required',
    jwksUrl: 'set',
    jwtIssuer: 'set',
    jwtAudience: 'set',
    superUsers: 'set',
    adminTokenFile: 'set',
    metricsPerPartition: 'false',
  })
  expect(JSON.stringify(changed)).not.toContain('hunter2')
})

test('operators see each setting with its default, and no secret', () => {
  const shown = shownSettings(settingsWith({ tailBytes: '2 MiB', adminTokenFile: '/hunter2', data: '/hunter2' }))
  const find = (name: string) => shown.find((one) => one.name === name)
  expect(find('tailBytes')).toMatchObject({ value: '2 MiB', changed: true, perBroker: false })
  expect(find('tailBytes')!.default).not.toBe('2 MiB')
  expect(find('adminTokenFile')).toMatchObject({ value: 'set', changed: true })
  expect(find('data')).toMatchObject({ value: 'set', default: null, perBroker: true })
  expect(find('authentication')).toMatchObject({ value: 'off', default: 'off', changed: false })
  expect(JSON.stringify(shown)).not.toContain('hunter2')
})

test('the page says which version runs on what', async () => {
  const registry = new Registry()
  register(registry, processMetrics, { version: '1.2.3', settings: settingsWith({ tailBytes: '2 MiB' }) })
  const text = await registry.metrics()
  const platform = `${process.platform}-${process.arch}`
  expect(text).toContain(
    `tailrace_build_info{version="1.2.3",node="${process.versions.node}",platform="${platform}"} 1`,
  )
  expect(text).toContain('tailrace_setting_info{name="tailBytes",value="2 MiB"} 1')
})
