import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseConfigFile } from '../../broker/src/config/config-file.ts'
import { fromEnvironment, fromFile } from '../../broker/src/config/given-settings.ts'
import { resolveSettings } from '../../broker/src/config/resolve-settings.ts'
import { skipped } from '../runner/skipped.ts'
import { judge, lacks } from './tools.ts'

const folder = fileURLToPath(new URL('../../deploy/systemd/', import.meta.url))
const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
const units = [
  { unit: 'tailrace@.service', instance: '1', config: 'broker.yaml', environment: 'broker-1.env' },
  { unit: 'tailrace-cascade@.service', instance: '101', config: 'cascade.yaml', environment: 'cascade-101.env' },
]
const noSystemd = lacks('systemd-analyze')

describe.skipIf(skipped(noSystemd, 'systemd units: there is no systemd-analyze'))('systemd', () => {
  let machine: string

  /** A root folder with the units of systemd and ours, and with the programs that ours start. */
  beforeAll(() => {
    machine = mkdtempSync(join(tmpdir(), 'tailrace-systemd-'))
    for (const program of ['usr/local/bin/tailrace', 'usr/bin/kill']) {
      mkdirSync(join(machine, program, '..'), { recursive: true })
      writeFileSync(join(machine, program), '#!/bin/sh\n', { mode: 0o755 })
    }
    cpSync('/lib/systemd/system', join(machine, 'usr/lib/systemd/system'), { recursive: true, verbatimSymlinks: true })
    mkdirSync(join(machine, 'etc/systemd/system'), { recursive: true })
  })
  afterAll(() => rmSync(machine, { recursive: true, force: true }))

  const install = (unit: string, text: string) => writeFileSync(join(machine, 'etc/systemd/system', unit), text)
  const verify = (unit: string, instance: string) =>
    judge('systemd-analyze', ['verify', `--root=${machine}`, unit.replace('@', `@${instance}`)])
  /** `threshold`: a tenth of the exposure that is allowed, of which 10 is the most. */
  const security = (text: string, threshold: number) => {
    const path = join(machine, 'judged@1.service')
    writeFileSync(path, text)
    return judge('systemd-analyze', ['security', '--offline=yes', '--no-pager', `--threshold=${threshold}`, path])
  }

  it.each(units)('takes $unit as it is', ({ unit, instance }) => {
    install(unit, read(unit))
    expect(verify(unit, instance)).toEqual({ code: 0, said: '' })
  })

  it('complains of a misspelt line', () => {
    install('tailrace@.service', read('tailrace@.service').replace('ProtectSystem', 'ProtectSytem'))
    expect(verify('tailrace@.service', '1').said).toContain("Unknown key 'ProtectSytem'")
  })

  it.each(units)('finds $unit exposed by 1.5 of 10 at most', ({ unit }) => {
    expect(security(read(unit), 15).code).toBe(0)
  })

  it.each(['DynamicUser', 'SystemCallFilter', 'RestrictAddressFamilies', 'CapabilityBoundingSet'])(
    'finds more exposed without %s',
    (name) => {
      const unit = read('tailrace@.service')
      const lines = unit.split('\n').filter((line) => !line.startsWith(`${name}=`))
      const exposure = (text: string) => Number(/level for \S+: ([\d.]+)/.exec(security(text, 100).said)![1])
      expect(exposure(lines.join('\n'))).toBeGreaterThan(exposure(unit))
    },
  )
})

/** `NAME=value` of Environment= in a unit, with the specifiers replaced. */
function environmentOf(unit: string, instance: string): Record<string, string> {
  const assignments = [...unit.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name, value]) => [
    name,
    value!.replace('%d', '/run/credentials').replace('%i', instance),
  ])
  return Object.fromEntries(assignments)
}

describe.each(units)('$unit and its example files', ({ unit, instance, config, environment }) => {
  const text = read(unit)
  const loaded = async () => {
    const own = Object.fromEntries(
      [...read(environment).matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value!]),
    )
    const warnings: string[] = []
    const given = fromEnvironment({ ...environmentOf(text, instance), ...own }, (warning) => warnings.push(warning))
    const flags = new Map([
      ['id', { value: instance, origin: '--id' }],
      ['data', { value: 'data', origin: '--data' }],
    ] as const)
    const file = fromFile(await parseConfigFile(read(config), config), config)
    return { settings: resolveSettings({ flags, environment: given, file }), warnings }
  }

  it('are a broker that is closed to strangers', async () => {
    const { settings, warnings } = await loaded()
    expect(warnings).toEqual([])
    expect(settings).toMatchObject({ authentication: 'required', tls: 'required', insecure: false })
    expect(config === 'broker.yaml' ? settings.peerTls : settings.sourceTls).toBe('required')
  })

  it('hold no secret: each key is a credential that the unit loads', () => {
    for (const name of Object.values(environmentOf(text, '')).filter((value) => value.startsWith('/run/credentials/')))
      expect(text).toContain(`LoadCredential=${name.replace('/run/credentials/', '')}:/etc/tailrace/`)
    expect(text).toMatch(/^LoadCredential=broker\.key:/m)
    expect(read(config) + read(environment)).not.toMatch(/password|secret:|PRIVATE KEY|tr_/i)
  })

  it('give the broker time to stop', async () => {
    const { settings } = await loaded()
    const seconds = Number(/^TimeoutStopSec=(\d+)s$/m.exec(text)![1])
    expect(seconds * 1000).toBeGreaterThanOrEqual(2 * settings.shutdownTimeoutMs)
  })
})

it('both units are hardened alike', () => {
  for (const line of ['NoNewPrivileges=yes', 'ProtectSystem=strict', 'PrivateTmp=yes', 'UMask=0077'])
    expect(read('tailrace@.service').split('\n')).toContain(line)
  const hardening = (name: string) => {
    const text = read(name)
    return text.slice(text.indexOf('# What the broker may touch'))
  }
  expect(hardening('tailrace-cascade@.service')).toBe(hardening('tailrace@.service'))
})
