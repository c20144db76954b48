import { TailraceError } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import type { SettingName } from './broker-settings.ts'
import type { GivenSettings } from './given-settings.ts'
import { fromEnvironment, fromFile, isServiceVariable } from './given-settings.ts'
import { resolveSettings } from './resolve-settings.ts'
import { environmentNameOf, flagOf, settingNames, settingTable } from './setting-table.ts'

const none: GivenSettings = new Map()

function flags(values: Partial<Record<SettingName, unknown>>): GivenSettings {
  return new Map(Object.entries(values).map(([name, value]) => [name as SettingName, { value, origin: flagOf(name) }]))
}

function resolve(values: Partial<Record<SettingName, unknown>>) {
  return resolveSettings({ flags: flags({ id: '1', data: 'd', ...values }), environment: none, file: none })
}

function refuse(text: string): void {
  throw new Error(text)
}

function messageOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    expect(error).toBeInstanceOf(TailraceError)
    expect((error as TailraceError).code).toBe('INVALID_SETTING')
    return (error as TailraceError).message
  }
  throw new Error('was accepted')
}

describe('hosts and origins', () => {
  it('are lists in a file and text with commas elsewhere, none by default', () => {
    const { hosts, readOrigins, writeOrigins } = resolve({})
    expect([hosts, readOrigins, writeOrigins]).toEqual([[], [], []])
    const file = fromFile({ id: 1, data: 'd', writeOrigins: ['http://localhost:5173'], readOrigins: '*' }, 'b.yaml')
    const environment = fromEnvironment({ TAILRACE_HOSTS: 'a.example, b.example' }, refuse)
    const settings = resolveSettings({ flags: none, environment, file })
    expect(settings).toMatchObject({
      hosts: ['a.example', 'b.example'],
      readOrigins: ['*'],
      writeOrigins: ['http://localhost:5173'],
    })
  })

  it.each<[SettingName, string]>([
    ['writeOrigins', '*'],
    ['writeOrigins', 'localhost:5173'],
    ['readOrigins', 'https://app.example/path'],
    ['readOrigins', 'https://app.example/'],
    ['hosts', 'broker.example:8080'],
    ['hosts', 'a.example,a.example'],
  ])('%s refuses %s', (name, value) => {
    expect(messageOf(() => resolve({ [name]: value }))).toContain(flagOf(name))
  })
})

describe('precedence', () => {
  it('takes flags before environment before file before default', () => {
    const file = fromFile({ id: 1, data: 'file', http: '127.0.0.1:1', tailBytes: '2 MiB', logLevel: 'warn' }, 'b.yaml')
    const environment = fromEnvironment(
      {
        TAILRACE_DATA: 'env',
        TAILRACE_HTTP: '127.0.0.1:2',
        TAILRACE_TAIL_BYTES: '3MiB',
        PATH: '/bin',
      },
      refuse,
    )
    const settings = resolveSettings({ flags: flags({ http: '127.0.0.1:3' }), environment, file })
    expect(settings.http).toBe('127.0.0.1:3')
    expect(settings.data).toBe('env')
    expect(settings.tailBytes).toBe(3 * 1024 * 1024)
    expect(settings.logLevel).toBe('warn')
    expect(settings.electionTimeoutMs).toBe(600)
  })

  it('treats an empty environment variable as not set', () => {
    expect(fromEnvironment({ TAILRACE_DATA: '' }, refuse).size).toBe(0)
  })

  it('treats an empty file as no settings', () => {
    expect(fromFile(null, 'b.yaml').size).toBe(0)
  })
})

describe('variables of others', () => {
  // As a Kubernetes Service called tailrace, tailrace-http or tailrace-peer has them put into the environment of every
  // pod beside it.
  const injected = ['TAILRACE', 'TAILRACE_HTTP', 'TAILRACE_PEER', 'TAILRACE_SERVER'].flatMap((service) => [
    `${service}_PORT`,
    `${service}_SERVICE_HOST`,
    `${service}_SERVICE_PORT`,
    `${service}_SERVICE_PORT_HTTP`,
    `${service}_PORT_8080_TCP`,
    `${service}_PORT_8080_TCP_ADDR`,
    `${service}_PORT_8080_TCP_PORT`,
    `${service}_PORT_8080_TCP_PROTO`,
  ])

  it('of a service are no settings and no reason to warn', () => {
    const environment = Object.fromEntries(injected.map((name) => [name, 'tcp://10.0.0.1:8080']))
    expect(fromEnvironment(environment, refuse).size).toBe(0)
    expect(settingNames.map(environmentNameOf).filter(isServiceVariable)).toEqual([])
  })

  it('are ignored with a warning that names the setting that may have been meant', () => {
    const warnings: string[] = []
    const given = fromEnvironment({ TAILRACE_ELECTION_TIMEOUT: '1', TAILRACE_ID: '3' }, (text) => warnings.push(text))
    expect([...given.keys()]).toEqual(['id'])
    expect(warnings).toEqual([
      'warning: TAILRACE_ELECTION_TIMEOUT in the environment is no setting and is ignored. Did you mean TAILRACE_ELECTION_TIMEOUT_MS?',
    ])
  })
})

describe('defaults', () => {
  it('listens on loopback only', () => {
    const settings = resolve({})
    expect([settings.http, settings.peer]).toEqual(['127.0.0.1:8080', '127.0.0.1:7080'])
  })

  it('follows other settings where they say so', () => {
    const settings = resolve({ electionTimeoutMs: '2s', peer: '127.0.0.1:9', http: '127.0.0.1:8' })
    expect(settings.heartbeatMs).toBe(800)
    expect(settings.join).toEqual(['127.0.0.1:9'])
    expect([settings.advertisedHttp, settings.advertisedPeer]).toEqual(['127.0.0.1:8', '127.0.0.1:9'])
    expect(resolve({ advertisedPeer: 'b1:7' }).join).toEqual(['b1:7'])
    expect([resolve({}), resolve({ maxConnections: '20000' })].map(({ maxWebSockets: most }) => most)).toEqual([
      5_000, 10_000,
    ])
  })

  it.each(settingNames)('%s has a default that its own check accepts', (name) => {
    const value = resolve({})[name]
    expect(settingTable[name].kind.read(Array.isArray(value) ? [...value] : value)).toEqual(value)
  })

  it('demands settings that have none', () => {
    const text = messageOf(() => resolveSettings({ flags: flags({ data: 'd' }), environment: none, file: none }))
    expect(text).toContain('id is missing')
    expect(text).toContain('--id, TAILRACE_ID')
  })
})

describe('wrong settings are refused with name, value and what would be valid', () => {
  it.each([
    ['id', '0', '1 to 2147483647'],
    ['id', '1.5', 'whole number'],
    ['http', 'localhost', '127.0.0.1:8080'],
    ['http', '127.0.0.1:65536', '127.0.0.1:8080'],
    ['join', '127.0.0.1:1,127.0.0.1:1', 'at most once'],
    ['electionTimeoutMs', '10', '50 to 60000'],
    ['electionTimeoutMs', '5h', 'ms, s or m'],
    ['tailBytes', '1 QiB', 'MiB'],
    ['logLevel', 'loud', 'trace, debug'],
    ['data', '', 'folder'],
  ] as const)('%s = %j', (name, value, valid) => {
    const text = messageOf(() => resolve({ [name]: value }))
    expect(text).toContain(`${flagOf(name)} is ${JSON.stringify(value)}`)
    expect(text).toContain(valid)
  })

  it('names the environment variable or the file', () => {
    const environment = fromEnvironment({ TAILRACE_ID: 'x' }, refuse)
    expect(messageOf(() => resolveSettings({ flags: flags({ data: 'd' }), environment, file: none }))).toContain(
      'TAILRACE_ID is "x"',
    )
    const file = fromFile({ id: true, data: 'd' }, 'b.json')
    expect(messageOf(() => resolveSettings({ flags: none, environment: none, file }))).toContain('id in b.json is true')
  })

  it('refuses unknown names with the nearest known one', () => {
    expect(messageOf(() => fromFile({ tailByte: 1 }, 'b.yaml'))).toContain(
      'tailByte in b.yaml is no setting. Did you mean tailBytes?',
    )
    expect(messageOf(() => fromFile({ qqqqqq: 1 }, 'b.yaml'))).toContain('Known are: id, data')
    expect(messageOf(() => fromFile([1], 'b.yaml'))).toContain('must hold an object')
  })
})

describe('settings that do not go together', () => {
  it.each([
    [{ heartbeatMs: '301' }, 'at most half of electionTimeoutMs'],
    [{ maxBatchBytes: '9MiB', maxUncommittedBytes: '16MiB' }, 'maxFrameBytes'],
    [{ maxAppendBytes: '8MiB' }, 'maxFrameBytes'],
    [{ maxBatchBytes: '2MiB', journalFileBytes: '2MiB' }, 'journalFileBytes'],
    [{ maxBatchBytes: '64KiB', directBytes: '1MiB', journalFileBytes: '1MiB' }, 'at most half of journalFileBytes'],
    [{ directBytes: '3MiB' }, 'to 2 MiB'],
    [{ maxBatchBytes: '2MiB', segmentBytes: '1MiB' }, 'segmentBytes'],
    [{ maxUncommittedBytes: '64KiB' }, 'maxUncommittedBytes'],
    [{ http: '0.0.0.0:8080' }, '--advertised-http HOST:PORT'],
    [{ peer: '[::]:7080' }, '--advertised-peer HOST:PORT'],
    [{ http: '127.0.0.1:7080' }, 'must differ'],
  ])('%j', (values, message) => {
    expect(messageOf(() => resolve(values))).toContain(message)
  })

  it('accepts all interfaces with an address to advertise', () => {
    const listens = { http: '0.0.0.0:8080', advertisedHttp: 'b1.example:8080', authentication: 'required' }
    expect(resolve(listens).advertisedHttp).toBe('b1.example:8080')
  })
})

it('gives every setting a flag and an environment name of its own', () => {
  expect(flagOf('electionTimeoutMs')).toBe('--election-timeout-ms')
  expect(environmentNameOf('advertisedHttp')).toBe('TAILRACE_ADVERTISED_HTTP')
  expect(new Set(settingNames.map(flagOf)).size).toBe(settingNames.length)
})

describe('a cascade broker in memory', () => {
  const given = { flags: flags({ id: '1', source: 'a:1', memory: 'true' }), environment: none, file: none }

  it('needs no folder; others do', () => {
    expect(resolveSettings(given)).toMatchObject({ data: '', memory: true, memoryBytes: 256 * 2 ** 20 })
    const withDisk = { ...given, flags: flags({ id: '1', source: 'a:1' }) }
    expect(messageOf(() => resolveSettings(withDisk))).toContain('data is missing')
  })

  it('is no broker of level 0, and its bound takes the largest batch', () => {
    expect(messageOf(() => resolve({ memory: 'true' }))).toContain('memory is a setting of "tailrace cascade"')
    const sizes = { maxBatchBytes: '20MiB', maxFrameBytes: '64MiB', maxUncommittedBytes: '64MiB', memoryBytes: '20MiB' }
    expect(messageOf(() => resolve({ memory: 'true', source: 'a:1', ...sizes }))).toMatch(/maxBatchBytes.*memoryBytes/)
  })
})

describe('the topics of a cascade broker', () => {
  it.each([
    ['a,b*, c.d', ['a', 'b*', 'c.d']],
    [
      ['a', '*'],
      ['a', '*'],
    ],
  ])('%j are read', (given, expected) => {
    expect(resolve({ topics: given }).topics).toEqual(expected)
  })

  it.each(['', 'a*b', '*a', 'a,a', 'a b', []])('%j are refused', (given) => {
    expect(() => resolve({ topics: given })).toThrow('names of topics')
  })
})

describe('a cascade broker with a token for its source', () => {
  const token = { source: '127.0.0.1:8080', sourceTokenFile: '101.token' }

  it('asks its own readers for a credential, or says that it does not', () => {
    for (const authentication of ['off', 'optional'])
      expect(() => resolve({ ...token, authentication })).toThrow(/sourceTokenFile.*authentication: required/)
    expect(resolve({ ...token, authentication: 'required' }).sourceTokenFile).toBe('101.token')
    expect(resolve({ ...token, insecure: 'true' }).insecure).toBe(true)
  })
})

describe('TLS', () => {
  const files = { tlsCertFile: 'c', tlsKeyFile: 'k' }

  it('is off by default, and needs its files when it is on', () => {
    expect(resolve({})).toMatchObject({
      tls: 'off',
      peerTls: 'off',
      tlsMinVersion: '1.3',
      tlsClientCertificates: 'off',
    })
    expect(messageOf(() => resolve({ tls: 'allowed' }))).toBe(
      'A setting is unknown or wrong. tls is allowed, so tlsCertFile must be given.',
    )
    expect(messageOf(() => resolve({ tls: 'required', tlsCertFile: 'c' }))).toContain('tlsKeyFile must be given')
    expect(messageOf(() => resolve({ tls: 'required', ...files, tlsClientCertificates: 'asked' }))).toContain(
      'tlsCaFile',
    )
    expect(resolve({ tls: 'required', ...files }).tls).toBe('required')
  })

  it('between brokers uses the same files unless others are given, and a CA in any case', () => {
    expect(messageOf(() => resolve({ peerTls: 'required', ...files }))).toContain(
      'peerTls is required, so peerTlsCaFile must',
    )
    const settings = resolve({ peerTls: 'required', ...files, tlsCaFile: 'a', peerTlsKeyFile: 'p' })
    expect(settings).toMatchObject({ peerTlsCertFile: 'c', peerTlsKeyFile: 'p', peerTlsCaFile: 'a' })
    expect(settings.peerTlsClientCertificates).toBe('required')
  })

  it('takes the version as a number, as YAML reads it', () => {
    const file = fromFile({ id: 1, data: 'd', tlsMinVersion: 1.2 }, 'b.yaml')
    expect(resolveSettings({ flags: none, environment: none, file }).tlsMinVersion).toBe('1.2')
  })

  it('takes names by broker as text and as an object', () => {
    const names = new Map([
      [1, 'a.example'],
      [3, 'spiffe://x/3'],
    ])
    expect(resolve({ peerTlsNames: '1=a.example, 3=spiffe://x/3' }).peerTlsNames).toEqual(names)
    const file = fromFile({ id: 1, data: 'd', peerTlsNames: { 1: 'a.example', 3: 'spiffe://x/3' } }, 'b.yaml')
    expect(resolveSettings({ flags: none, environment: none, file }).peerTlsNames).toEqual(names)
    for (const wrong of ['a', '0=a', '1=', '1=a,1=b', '1=a b', ['1=a'], { 1: 2 }, null])
      expect(messageOf(() => resolve({ peerTlsNames: wrong }))).toContain('names by broker')
  })
})
