import { describe, expect, test } from 'vitest'
import { decoderFor, protocolJson } from '../foreign/protocol.ts'
import { encodeHeader, ownDecoder } from '../protocol.ts'

/** The protocol of a peer whose Credit, a message with two longs, has a first field of this type. */
function peerWith(type: unknown): string {
  const protocol = JSON.parse(protocolJson)
  const credit = protocol.messages.find(({ number }: { number: number }) => number === 43)
  credit.schema.fields.unshift({ name: 'strange', type })
  return JSON.stringify(protocol)
}

const record = (name: string, ...types: unknown[]) => ({
  type: 'record',
  name,
  fields: types.map((type, at) => ({ name: `f${at}`, type })),
})
const credit = { subscription: 3, bytes: 70_000 }
const tail = encodeHeader('Credit', credit, 0)

function nested(depth: number): unknown {
  return depth === 0 ? 'int' : { type: 'array', items: nested(depth - 1) }
}

describe('a schema of a peer is refused', () => {
  test.each<[string, unknown]>([
    ['that holds itself', record('Loop', 'int', ['null', 'Loop'])],
    ['that is nested too deep', nested(40)],
    [
      'that is deep by the names of its types',
      Array.from({ length: 40 }).reduce<unknown>((inner, _, at) => record(`R${at}`, inner), 'int'),
    ],
    ['that names a type before it is there', record('A', 'B', record('B', 'int'))],
    ['with a type twice', record('A', record('B', 'int'), record('B', 'int'))],
    [
      'with a field twice',
      {
        type: 'record',
        name: 'A',
        fields: [
          { name: 'a', type: 'int' },
          { name: 'a', type: 'int' },
        ],
      },
    ],
    ['with a branch of a union twice', ['int', 'int']],
    ['with a union in a union', ['null', ['int', 'string']]],
    ['with a name that is none', { type: 'record', name: 'a b', fields: [] }],
    ['with a size below 0', { type: 'fixed', name: 'F', size: -1 }],
    ['without symbols', { type: 'enum', name: 'E' }],
    ['without fields', { type: 'record', name: 'R' }],
    ['without a type', {}],
  ])('%s', (_, type) => {
    expect(() => decoderFor(peerWith(type))).toThrow(expect.objectContaining({ code: 'INCOMPATIBLE_PEER' }))
  })
})

test('a schema of a peer is refused that is nested as deep as its text allows', () => {
  const json = peerWith('here').replace('"here"', '['.repeat(20_000) + ']'.repeat(20_000))
  expect(() => decoderFor(json)).toThrow(expect.objectContaining({ code: 'INCOMPATIBLE_PEER' }))
})

test.each<[string, unknown, number[]]>([
  ['float', 'float', [1, 2, 3, 4]],
  ['double', 'double', [1, 2, 3, 4, 5, 6, 7, 8]],
  ['bytes', 'bytes', [4, 1, 2]],
  ['a fixed', { type: 'fixed', name: 'F', size: 3 }, [1, 2, 3]],
  ['an enum', { type: 'enum', name: 'E', symbols: ['A', 'B'] }, [2]],
  ['a logical type', { type: { type: 'long', logicalType: 'timestamp-millis' } }, [0x80, 0x80, 1]],
  ['null', 'null', []],
  ['a union', ['null', 'string', 'boolean'], [4, 1]],
  ['a list in blocks', { type: 'array', items: 'int' }, [3, 4, 2, 4, 2, 6, 0]],
  ['a record that is used again', record('Outer', record('Inner', 'int', 'string'), 'Inner'), [2, 2, 97, 4, 0]],
])('%s that only the peer has is skipped', (_, type, bytes) => {
  const decoder = decoderFor(peerWith(type))
  expect(decoder.decode('Credit', Uint8Array.from([...bytes, ...tail]))).toEqual(credit)
  for (let cut = 1; cut <= bytes.length; cut++) {
    const short = Uint8Array.from([...bytes.slice(0, -cut)])
    expect(() => decoder.decode('Credit', short)).toThrow(expect.objectContaining({ code: 'MALFORMED_FRAME' }))
  }
})

test('values that take no bytes cost no time, however many the schema says', () => {
  // Each record holds the one before it twice: 2^31 nulls in all, some of them in a list.
  const fields = Array.from({ length: 30 }, (_, at) => ({
    name: `f${at}`,
    type: at === 0 ? record('R0', 'null', 'null') : record(`R${at}`, `R${at - 1}`, `R${at - 1}`),
  }))
  const last = { type: 'array', items: 'R28' }
  const decoder = decoderFor(
    peerWith({ type: 'record', name: 'Many', fields: [...fields.slice(0, 29), { name: 'list', type: last }] }),
  )
  const before = process.cpuUsage()
  expect(decoder.decode('Credit', Uint8Array.from([4, 0, ...tail]))).toEqual(credit)
  const { user, system } = process.cpuUsage(before)
  expect(user + system).toBeLessThan(1_000_000)
})

test('fields of our own that the peer lacks have the default, and lists of it are not shared', () => {
  const protocol = JSON.parse(protocolJson)
  const { schema } = protocol.messages.find(({ number }: { number: number }) => number === 21)
  schema.fields = schema.fields.filter(({ name }: { name: string }) => name !== 'holders')
  const decoder = decoderFor(JSON.stringify(protocol))
  const whole = encodeHeader('PublishReply', { correlation: 1, baseOffset: 2, lastOffset: 3, duplicate: true }, 0)
  const [first, second] = [0, 1].map(() => decoder.decode('PublishReply', whole.subarray(0, -1)))
  expect(first).toEqual(ownDecoder.decode('PublishReply', whole))
  expect(Object.keys(first!)).toEqual(Object.keys(ownDecoder.decode('PublishReply', whole)))
  expect(first!.holders).not.toBe(second!.holders)
})
