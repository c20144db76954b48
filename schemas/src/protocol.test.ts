import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { decoderFor, protocolJson, writtenProtocolJson } from './foreign/protocol.ts'
import type { MessageName } from './messages.ts'
import { encodeHeader, ownDecoder, protocolFingerprint } from './protocol.ts'
import { compile, encode } from './testing/avsc-codec.ts'
import { sampleMessages } from './testing/sample-messages.ts'

interface Field {
  name: string
  type: unknown
  default?: unknown
}
interface Schema {
  name: string
  fields: Field[]
}
interface Protocol {
  layout: number
  messages: { number: number; schema: Schema }[]
}

/** The protocol of a peer whose schema of `name` differs from ours. */
function peerWith(name: MessageName, change: (schema: Schema) => void): { json: string; schema: Schema } {
  const protocol: Protocol = JSON.parse(protocolJson)
  const { schema } = protocol.messages.find((message) => message.schema.name === name)!
  change(schema)
  return { json: JSON.stringify(protocol), schema }
}

const written = (schema: Schema, value: object) => encode(compile(schema), value, 0)

test('a peer with our protocol needs no resolving', () => {
  expect(decoderFor(protocolJson)).toBe(ownDecoder)
  const sameInOtherWords = decoderFor(JSON.stringify(JSON.parse(protocolJson)))
  for (const name of Object.keys(sampleMessages) as MessageName[]) {
    expect(sameInOtherWords.decode(name, encodeHeader(name, sampleMessages[name], 0))).toEqual(sampleMessages[name])
  }
})

test('a field that only the peer has is skipped, arrays of it too', () => {
  const { json, schema } = peerWith('Publish', ({ fields }) => {
    fields.splice(1, 0, { name: 'trace', type: 'string', default: '' })
    fields.push({ name: 'tags', type: { type: 'array', items: 'string' }, default: [] })
  })
  const header = written(schema, { ...sampleMessages.Publish, trace: 'abc', tags: ['x', 'y'] })
  expect(decoderFor(json).decode('Publish', header)).toEqual(sampleMessages.Publish)
})

test('a newer peer, seen from an older one: a field that the writer lacks takes the default of the reader', () => {
  const { schema: newer } = peerWith('Publish', ({ fields }) =>
    fields.push({ name: 'priority', type: 'int', default: 3 }),
  )
  const reader = compile(newer)
  const resolver = reader.createResolver(
    compile(JSON.parse(protocolJson).messages.find((m: { number: number }) => m.number === 20).schema),
  )
  const header = Buffer.from(encodeHeader('Publish', sampleMessages.Publish, 0))
  expect(reader.fromBuffer(header, resolver)).toEqual({ ...sampleMessages.Publish, priority: 3 })
})

test('a peer that lacks a field for which we have no default is refused', () => {
  const { json } = peerWith('Publish', ({ fields }) => fields.shift())
  expect(() => decoderFor(json)).toThrow(
    expect.objectContaining({ code: 'INCOMPATIBLE_PEER', message: expect.stringContaining('Publish') }),
  )
})

test.each<[string, string]>([
  ['no JSON', '{'],
  ['no protocol', '[]'],
  ['null', 'null'],
  ['no messages', '{"layout":1}'],
  ['another frame layout', protocolJson.replace('"layout":1', '"layout":2')],
  ['a message that is null', '{"layout":1,"messages":[null]}'],
  ['a message twice', protocolJson.replace(/\n\{"number":44.*\n/, (line) => line + line.trimStart())],
  ['a field of another type', peerWith('Publish', ({ fields }) => (fields[1]!.type = 'boolean')).json],
  ['an int that became a long', peerWith('Publish', ({ fields }) => (fields[2]!.type = 'long')).json],
  ['another message under our number', protocolJson.replace('"name":"Publish"', '"name":"Other"')],
  ['no schema', '{"layout":1,"messages":[{"number":20,"schema":"nonsense"}]}'],
  ['a map', peerWith('Publish', ({ fields }) => fields.push({ name: 'm', type: { type: 'map', values: 'int' } })).json],
  ['far too much', protocolJson + ' '.repeat(2 ** 20)],
])('a peer with %s is refused', (_, json) => {
  expect(() => decoderFor(json)).toThrow(expect.objectContaining({ code: 'INCOMPATIBLE_PEER' }))
})

test('a message that only one side knows does no harm until it is sent', () => {
  const protocol: Protocol = JSON.parse(protocolJson)
  protocol.messages = protocol.messages.filter(({ schema }) => schema.name !== 'Credit')
  protocol.messages.push({ number: 999, schema: { name: 'Future', fields: [] } })
  const decoder = decoderFor(JSON.stringify(protocol))
  expect(decoder.decode('Vote', encodeHeader('Vote', sampleMessages.Vote, 0))).toEqual(sampleMessages.Vote)
  expect(() => decoder.decode('Credit', encodeHeader('Credit', sampleMessages.Credit, 0))).toThrow(
    /not in the peer's protocol/,
  )
})

test('lies about counts in fields that we skip end as fast as in ours', () => {
  const { json, schema } = peerWith('Unsubscribe', ({ fields }) =>
    fields.unshift({ name: 'nothings', type: { type: 'array', items: 'null' }, default: [] }),
  )
  const decoder = decoderFor(json)
  expect(decoder.decode('Unsubscribe', written(schema, { nothings: [null, null], subscription: 5 }))).toEqual({
    subscription: 5,
  })
  const wrong = [
    [0x80, 0x80, 0x80, 0x80, 0x40],
    [0xff, 0xff, 0xff, 0xff, 0x3f, 2, 0, 2],
    [...Array.from({ length: 200 }, () => 20), 0, 2],
  ]
  for (const header of wrong) {
    expect(() => decoder.decode('Unsubscribe', Uint8Array.from(header))).toThrow(
      expect.objectContaining({ code: 'MALFORMED_FRAME' }),
    )
  }
})

test('Hello, HelloReply and Schemas never change: they are read before the schemas of the peer are known', () => {
  const messages: { number: number }[] = JSON.parse(protocolJson).messages
  const hash = (kept: readonly number[]): string => {
    const frozen = messages.filter(({ number }) => kept.includes(number))
    return createHash('sha256').update(JSON.stringify(frozen)).digest('hex').slice(0, 16)
  }
  expect(hash([1, 2])).toBe('b8e4163a890f4ea4')
  expect(hash([4])).toBe('36dd3aff070ce6ae')
  expect(protocolFingerprint).toMatch(/^[0-9a-f]{32}$/)
})

test('a request that only a newer writer knows gives its correlation, a message without an answer gives none', () => {
  const protocol = JSON.parse(protocolJson)
  const fields = [{ name: 'correlation', type: 'long' }]
  for (const [number, name] of [
    [900, 'Juggle'],
    [901, 'JuggleReply'],
    [902, 'Shout'],
  ] as const) {
    protocol.messages.push({ number, schema: { type: 'record', name, namespace: 'tailrace', fields } })
  }
  const decoder = decoderFor(JSON.stringify(protocol))
  const header = encodeHeader('InitProducer', { correlation: 2 ** 40 }, 0)
  expect(decoder.correlationOfUnknown!(900, header)).toBe(2 ** 40)
  expect(decoder.correlationOfUnknown!(901, header)).toBeNull()
  expect(decoder.correlationOfUnknown!(902, header)).toBeNull()
  expect(decoder.correlationOfUnknown!(900, new Uint8Array(0))).toBeNull()
})

test('brokers of before take the schemas: they refuse a handshake of more than 64 KiB', () => {
  const others = 1024
  expect(writtenProtocolJson().length + others).toBeLessThan(64 * 1024)
})

test('the schemas that a peer gets are enough to read every message', () => {
  const decoder = decoderFor(writtenProtocolJson())
  for (const name of Object.keys(sampleMessages) as MessageName[]) {
    expect(decoder.decode(name, encodeHeader(name, sampleMessages[name], 0)), name).toEqual(sampleMessages[name])
  }
})
