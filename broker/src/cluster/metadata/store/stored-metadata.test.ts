import { describe, expect, test } from 'vitest'
import { storedMetadata } from './stored-metadata.ts'

type Kind = keyof typeof storedMetadata
type Fields = Record<string, unknown>

const NONE = Symbol('left out')
const notNatural = [NONE, null, '1', -1, 1.5, Number.NaN, 2 ** 53]
const notPositive = [...notNatural, 0]
const notText = [NONE, null, 1, ['a'], {}]
const notObject = [NONE, null, 'a', 1, [1]]
const notBrokers = [NONE, null, 1, 'a', {}, [0], ['1'], [1, 1]]
const notNumbers = [null, 1, 'a', [1], { 1: '2' }, { 1: null }]

const key = `${'A'.repeat(43)}=`
const credential = { salt: `${'A'.repeat(22)}==`, iterations: 4096, storedKey: key, serverKey: key }
/** Sound values, and changes that make each of them unsound in one place. Numbers are beside their bounds. */
const rows: [Kind, Fields, Record<string, readonly unknown[]>][] = [
  [
    'head',
    {
      appliedIndex: 0,
      nextGroup: 0,
      nextProducer: 0,
      commands: 0,
      audits: 0,
      featureLevel: 1,
      alwaysSupported: 0,
      lastOwner: 0,
      appliedTerm: 0,
    },
    {
      appliedIndex: notNatural,
      nextGroup: notNatural,
      nextProducer: notNatural,
      commands: notNatural,
      audits: notNatural,
      featureLevel: notNatural.filter((value) => value !== NONE && value !== null),
      alwaysSupported: notNatural.filter((value) => value !== NONE && value !== null),
      lastOwner: notNatural.filter((value) => value !== NONE && value !== null),
      appliedTerm: notNatural.filter((value) => value !== NONE && value !== null),
    },
  ],
  [
    'broker',
    { id: 1, http: '', peer: 'b', incarnation: 'c', directoryId: 'd' },
    { id: notPositive, http: notText, peer: notText, incarnation: notText, directoryId: notText },
  ],
  [
    'joined',
    { id: 1, admission: 0, directoryId: 'd', peer: 'p' },
    { id: notPositive, admission: notNatural, directoryId: notText, peer: notText },
  ],
  ['removed', { directoryId: 'd' }, { directoryId: notText }],
  [
    'topic',
    { name: 't', id: 'i', config: {}, partitions: [{ group: 1, replicas: [1, 2] }] },
    {
      name: notText,
      id: notText,
      config: notObject,
      partitions: [
        NONE,
        null,
        {},
        [null],
        [[]],
        ...notPositive.map((group) => [{ group, replicas: [1] }]),
        ...notBrokers.map((replicas) => [
          { group: 1, replicas: [1] },
          { group: 2, replicas },
        ]),
      ],
    },
  ],
  [
    'partition',
    {
      group: 1,
      replicas: [1],
      founders: [1, 2],
      admissions: { 2: 5 },
      priorities: { 1: 0.5 },
      change: { index: 0, replicas: [2] },
      outcasts: [3],
    },
    {
      group: notPositive,
      replicas: notBrokers,
      founders: notBrokers,
      admissions: notNumbers,
      priorities: notNumbers,
      change: [
        null,
        1,
        'a',
        [],
        ...notNatural.map((index) => ({ index, replicas: [2] })),
        ...notBrokers.map((replicas) => ({ index: 0, replicas })),
      ],
      outcasts: notBrokers.filter((value) => value !== NONE),
    },
  ],
  [
    'audit',
    { by: '', action: 'a', target: 't', detail: 'd' },
    { by: notText, action: notText, target: notText, detail: notText },
  ],
  [
    'command',
    { number: 0, id: 'a', result: { ok: false, code: 'X', detail: '' } },
    {
      number: notNatural,
      id: notText,
      result: [
        ...notObject,
        ...notText.map((code) => ({ ok: false, code, detail: '' })),
        ...notText.map((detail) => ({ ok: 1, code: 'X', detail })),
      ],
    },
  ],
]

const pattern = { type: 'topic', name: 't', pattern: 'literal' }
rows.push(
  [
    'owner',
    { number: 1, principal: 'User:a', next: 0 },
    {
      number: notPositive,
      principal: [...notText.filter((value) => !Array.isArray(value)), 'a', 'User:'],
      next: notNatural,
    },
  ],
  ['security', { version: 0 }, { version: notNatural }],
  [
    'user',
    { name: 'ann', scram: { 'SCRAM-SHA-256': credential } },
    { name: [...notText, ''], scram: [...notObject, {}, { 'SCRAM-SHA-256': { ...credential, iterations: 1 } }] },
  ],
  [
    'token',
    {
      id: '0'.repeat(24),
      hash: key,
      principal: 'User:a',
      scope: { operations: ['read'], resources: [pattern] },
      createdAt: 0,
      createdBy: '',
      expiresAt: null,
    },
    {
      id: [...notText, '0'],
      hash: [...notText, 'abcd'],
      principal: [...notText, 'a'],
      scope: [NONE, 'a', 1, {}, []],
      createdAt: notNatural,
      createdBy: notText,
      expiresAt: ['1', -1, 1.5],
    },
  ],
  [
    'acl',
    { principal: 'User:*', host: '*', operation: 'read', permission: 'deny', resource: pattern },
    {
      principal: [...notText, 'ann'],
      host: [...notText, 'h'],
      operation: [...notText, 'none'],
      permission: [...notText, 'none'],
      resource: [...notObject, { ...pattern, type: 'x' }],
    },
  ],
  [
    'quota',
    { entity: { principal: 'User:a', clientId: null, address: '*' }, limits: { connections: 1 } },
    {
      entity: [...notObject, {}, { principal: null, clientId: null, address: null }, { principal: 'ann' }],
      limits: [...notObject, {}, { connections: 0 }, { connections: 1.5 }, { colours: 1 }],
    },
  ],
)

const withField = (fields: Fields, name: string, value: unknown): Fields => {
  const { [name]: _, ...rest } = fields
  return value === NONE ? rest : { ...rest, [name]: value === NONE ? undefined : value }
}
const check = (kind: Kind, value: unknown) => storedMetadata[kind](value as never)

describe.each(rows)('a stored %s', (kind, sound, unsound) => {
  test('is taken as it is written', () => {
    expect(check(kind, sound)).toBe(true)
    expect(Object.keys(unsound)).toEqual(Object.keys(sound))
  })

  test('is refused with any field that is left out, or has another type', () => {
    for (const [name, values] of Object.entries(unsound)) {
      for (const value of values) {
        expect(check(kind, withField(sound, name, value)), `${name}: ${JSON.stringify(value) ?? 'none'}`).toBe(false)
      }
    }
  })
})

test('fields of later versions may be missing: of a partition, its admissions, priorities, change and outcasts', () => {
  const fields = { group: 1, replicas: [1], founders: [1] }
  expect(check('partition', fields)).toBe(true)
  expect(check('head', { appliedIndex: 0, nextGroup: 0, nextProducer: 0, commands: 0, audits: 0 })).toBe(true)
  expect(check('topic', { name: 't', id: 'i', config: {}, partitions: [] })).toBe(true)
  expect(check('command', { number: 0, id: 'a', result: { ok: true } })).toBe(true)
})

test('stored priorities are numbers by broker, or none', () => {
  for (const value of [undefined, {}, { 1: 2, 3: 0.5 }]) expect(check('priorities', value)).toBe(true)
  for (const value of notNumbers) expect(check('priorities', value)).toBe(false)
})
