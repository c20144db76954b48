import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decoderFor, protocolJson } from '../foreign/protocol.ts'
import type { Message, MessageName } from '../messages.ts'
import { encodeHeader, ownDecoder } from '../protocol.ts'
import { compile, decode, encode } from '../testing/avsc-codec.ts'
import { newerSchema } from '../testing/newer-protocol.ts'
import { sampleMessages } from '../testing/sample-messages.ts'
import { type AvroType, isRecordUnion, parseSchema } from './schema.ts'

type Value = Message<MessageName>
interface OfMessage {
  readonly number: number
  readonly schema: { readonly name: MessageName }
}

const messages: OfMessage[] = JSON.parse(protocolJson).messages
/**
 * avsc, the codec that was used before, is the second implementation. It is wrong about longs below -2^52 and about
 * half surrogates (last tests).
 */
const LOWEST_OF_AVSC = -(2 ** 52)

const longs = fc.oneof(
  fc.integer({ min: -70, max: 70 }),
  fc.integer(),
  fc.maxSafeInteger().map((value) => Math.min(Math.max(value, LOWEST_OF_AVSC), Number.MAX_SAFE_INTEGER - 1)),
)
const strings = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 70 }),
  fc.string({ maxLength: 10 }),
  fc.string({ unit: fc.constantFrom('\ufeff', 'ü', 'a', '\0', '😀') }),
)

/** Any value of a type. A field with a default may be missing. */
function anyOf(type: AvroType): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'int':
      return fc.oneof(fc.integer({ min: -70, max: 70 }), fc.integer())
    case 'long':
      return longs
    case 'string':
      return strings
    case 'enum':
      return fc.constantFrom(...type.symbols)
    case 'array':
      return fc.array(anyOf(type.items), { maxLength: 4 })
    case 'union':
      if (!isRecordUnion(type)) return fc.oneof(...type.branches.map(anyOf))
      return fc.oneof(
        ...type.branches.map((branch) =>
          anyOf(branch).map((value) => ({ [(branch as { name: string }).name]: value })),
        ),
      )
    case 'record': {
      const required = type.fields.filter((field) => field.default === undefined).map(({ name }) => name)
      const fields = Object.fromEntries(type.fields.map((field) => [field.name, anyOf(field.type)]))
      return fc.record(fields, { requiredKeys: required })
    }
    default:
      throw new TypeError(type.kind)
  }
}

/** What `run` gives, or "refused". */
function outcome(run: () => unknown): unknown {
  try {
    return run()
  } catch {
    return 'refused'
  }
}

const plain = (value: unknown): string => JSON.stringify(value)
const isBeyondAvsc = (json: unknown): boolean => /-\d{16}/.test(String(json))

/** `bytes` with a few of them changed, cut off or doubled. */
function damaged(bytes: Uint8Array, changes: readonly (readonly [at: number, kind: number, byte: number])[]) {
  let rest = [...bytes]
  for (const [place, kind, byte] of changes) {
    const at = place % (rest.length + 1)
    if (kind === 0) rest = rest.slice(0, at)
    else if (kind === 1) rest.splice(at, 0, byte)
    else if (kind === 2) rest.splice(at, 1)
    else rest[at] = byte
  }
  return Uint8Array.from(rest)
}

const changesOfBytes = fc.array(
  fc.tuple(fc.nat(200), fc.nat(3), fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff))),
  { minLength: 1, maxLength: 3 },
)

describe.each(messages.map(({ schema }) => [schema.name, schema] as const))('%s', (name, schema) => {
  const avsc = compile(schema)
  const values = anyOf(parseSchema(schema)) as fc.Arbitrary<Value>

  test('is the same bytes and the same value as with avsc', () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = encodeHeader(name, value, 3)
        expect(bytes.subarray(3)).toEqual(encode(avsc, value, 0))
        expect(plain(ownDecoder.decode(name, bytes.subarray(3)))).toBe(plain(decode(avsc, bytes.subarray(3))))
      }),
      { numRuns: 25 },
    )
  })

  test('damaged bytes are refused as by avsc, or give the same value', () => {
    fc.assert(
      fc.property(values, changesOfBytes, (value, changes) => {
        const bytes = damaged(encodeHeader(name, value, 0), changes)
        const ours = outcome(() => plain(ownDecoder.decode(name, bytes)))
        if (!isBeyondAvsc(ours)) expect(ours).toBe(outcome(() => plain(decode(avsc, bytes))))
      }),
      { numRuns: 25 },
    )
  })

  test('what is no such message is refused as by avsc', () => {
    const sample = sampleMessages[name] as unknown as Record<string, unknown>
    const wrong = fc.constantFrom(undefined, null, true, 1.5, -1, NaN, 2 ** 31, 2 ** 53, 'x', [], {}, [1], [null])
    const fields = fc.constantFrom(...Object.keys(sample), 'unknown')
    fc.assert(
      fc.property(fields, wrong, (field, value) => {
        const message = { ...sample, [field]: value } as unknown as Value
        const ours = outcome(() => encodeHeader(name, message, 0))
        expect(ours).toEqual(outcome(() => encode(avsc, message, 0)))
      }),
      { numRuns: 25 },
    )
  })

  test('the bytes of a newer and of an older writer are read as by avsc, damaged ones too', () => {
    const newer = newerSchema(schema)
    const json = (other: unknown): string =>
      JSON.stringify({
        layout: 1,
        messages: messages.map((message) => (message.schema.name === name ? { ...message, schema: other } : message)),
      })
    const decoder = decoderFor(json(newer))
    const writer = compile(newer)
    const resolver = avsc.createResolver(writer)
    fc.assert(
      fc.property(anyOf(parseSchema(newer)), changesOfBytes, (value, changes) => {
        const bytes = encode(writer, value, 0)
        expect(plain(decoder.decode(name, bytes))).toBe(plain(decode(avsc, bytes, resolver)))
        const bad = damaged(bytes, changes)
        const ours = outcome(() => plain(decoder.decode(name, bad)))
        if (!isBeyondAvsc(ours)) expect(ours).toBe(outcome(() => plain(decode(avsc, bad, resolver))))
      }),
      { numRuns: 20 },
    )
  })
})

test('every safe integer but the outermost of each sign is a long', () => {
  const most = Number.MAX_SAFE_INTEGER - 1
  const edges = [0, 2 ** 27, 2 ** 28, 2 ** 30, 2 ** 31, 2 ** 34, 2 ** 35, 2 ** 52, most]
  for (const edge of edges.flatMap((value) => [value - 1, value, -value, -value - 1, 1 - value])) {
    if (Math.abs(edge) > most) {
      expect(() => encodeHeader('InitProducer', { correlation: edge }, 0)).toThrow(/is no long/)
      continue
    }
    const bytes = encodeHeader('InitProducer', { correlation: edge, asker: null }, 0)
    expect(ownDecoder.decode('InitProducer', bytes)).toEqual({ correlation: edge === 0 ? 0 : edge, asker: null })
  }
})

test('half a surrogate pair, which UTF-8 does not have, becomes the replacement character', () => {
  const sample = { correlation: 1, topics: ['a\ud800b'.repeat(30), '\udc00'] }
  const { topics } = ownDecoder.decode('Metadata', encodeHeader('Metadata', sample, 0))
  expect(topics).toEqual(['a\ufffdb'.repeat(30), '\ufffd'])
})
