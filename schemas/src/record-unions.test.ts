import { describe, expect, it } from 'vitest'
import { decoderFor, protocolJson } from './foreign/protocol.ts'
import { encodeFrame, parseFrame } from './frame.ts'
import type { MessageNumber } from './messages.ts'
import { encodeHeader } from './protocol.ts'
import { compile, encode } from './testing/avsc-codec.ts'
import { sampleMessages } from './testing/sample-messages.ts'
import { sampleIntents } from './testing/sample-peer-messages.ts'

interface Branch {
  name: string
  fields: { name: string; type: unknown; default?: unknown }[]
}
interface Protocol {
  messages: { number: (typeof MessageNumber)[keyof typeof MessageNumber]; schema: { fields: { type: unknown }[] } }[]
}

/** The protocol of a peer that has changed the intents, and the bytes that it writes. */
function peerWith(change: (intents: Branch[]) => void): { json: string; write: (intent: object) => Uint8Array } {
  const protocol = JSON.parse(protocolJson) as Protocol
  const { schema } = protocol.messages.find(({ number }) => number === 66)!
  change(schema.fields[3]!.type as Branch[])
  const write = (intent: object): Uint8Array =>
    encode(compile(schema), { ...sampleMessages.MetadataCommand, intent }, 0)
  return { json: JSON.stringify(protocol), write }
}

const isOf = (intent: object): string => Object.keys(intent)[0]!.split('.').at(-1)!

describe.each(sampleIntents.map((intent) => [isOf(intent), intent] as const))('the intent %s', (_, intent) => {
  const fields = { ...sampleMessages.MetadataCommand, intent }

  it('comes back as it was sent', () => {
    const bytes = Buffer.concat(encodeFrame('MetadataCommand', fields))
    expect(parseFrame(bytes)).toMatchObject({ name: 'MetadataCommand', fields })
  })

  it('is read by the schemas of a peer that knows others before it', () => {
    const added = { type: 'record', name: 'MakeCoffee', namespace: 'tailrace.metadata', fields: [] }
    const { json, write } = peerWith((intents) => void intents.unshift(added as never))
    expect(decoderFor(json).decode('MetadataCommand', write(intent))).toEqual(fields)
  })

  it('is read by the schemas of a peer that lacks another of them', () => {
    const { json, write } = peerWith((intents) => {
      intents.splice(0, Infinity, ...intents.filter(({ name }) => name !== 'CancelChange' || isOf(intent) === name))
    })
    expect(decoderFor(json).decode('MetadataCommand', write(intent))).toEqual(fields)
  })
})

describe('a record of a union that only the peer knows', () => {
  const cups = { name: 'cups', type: { type: 'array', items: 'string' } }
  const added = { type: 'record', name: 'MakeCoffee', namespace: 'tailrace.metadata', fields: [cups] }
  const { json, write } = peerWith((intents) => void intents.push(added as never))

  it('gives its name, and the fields after it are read', () => {
    const header = write({ 'tailrace.metadata.MakeCoffee': { cups: ['one', 'two'] } })
    expect(decoderFor(json).decode('MetadataCommand', header)).toEqual({
      ...sampleMessages.MetadataCommand,
      intent: { 'tailrace.metadata.MakeCoffee': null },
    })
    const rest = Uint8Array.from([...header, 0])
    expect(() => decoderFor(json).decode('MetadataCommand', rest)).toThrow(
      expect.objectContaining({ code: 'MALFORMED_FRAME' }),
    )
  })

  it('is bounded by the bytes that are there', () => {
    const header = write({ 'tailrace.metadata.MakeCoffee': { cups: [] } })
    const lie = Uint8Array.from([...header.subarray(0, -1), 0x80, 0x80, 0x80, 0x80, 0x40])
    expect(() => decoderFor(json).decode('MetadataCommand', lie)).toThrow(
      expect.objectContaining({ code: 'MALFORMED_FRAME' }),
    )
  })

  it('is no branch that does not exist', () => {
    const fields = { ...sampleMessages.MetadataCommand, intent: sampleIntents[6]!, asker: null }
    const sound = encodeHeader('MetadataCommand', fields, 0)
    const at = sound.length - 1 - 4 - 1
    expect(sound[at]).toBe(12)
    expect(() => decoderFor(json).decode('MetadataCommand', sound.with(at, 100))).toThrow(
      expect.objectContaining({ code: 'MALFORMED_FRAME' }),
    )
  })
})

it('a record of a union that both know and that cannot be resolved is INCOMPATIBLE_PEER', () => {
  const { json } = peerWith((intents) => {
    intents.find(({ name }) => name === 'SetPriority')!.fields[2]!.type = 'string'
  })
  expect(() => decoderFor(json)).toThrow(expect.objectContaining({ code: 'INCOMPATIBLE_PEER' }))
})
