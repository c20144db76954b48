import { expect, test } from 'vitest'
import { encodeFrame, parseFrame } from '../frame.ts'
import type { MessageName } from '../messages.ts'
import { encodeHeader } from '../protocol.ts'
import { NewerProtocol } from '../testing/newer-protocol.ts'
import { sampleMessages } from '../testing/sample-messages.ts'
import { protocolJson, writtenProtocolJson } from './protocol.ts'
import { StreamDecoders, schemasFrame, schemasOfBroker } from './streams.ts'

const names = Object.keys(sampleMessages) as MessageName[]
const fromClients: MessageName[] = ['Publish', 'Fetch', 'Subscribe']
const decoders = () => new StreamDecoders(new Set(fromClients))
const joined = (pieces: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(pieces))

test('every message of a protocol in which every record has grown is read as if none had', () => {
  const newer = new NewerProtocol(names)
  const decoder = new StreamDecoders(new Set(names)).for(newer.json)
  for (const name of names) {
    const frame = new Uint8Array(newer.frame(name, sampleMessages[name], Uint8Array.of(1, 2)))
    expect(parseFrame(frame, decoder)).toEqual({ name, fields: sampleMessages[name], body: Uint8Array.of(1, 2) })
  }
})

test('a message that the door does not take is not built, and need not be resolved', () => {
  const protocol = JSON.parse(protocolJson)
  protocol.messages.find((message: { number: number }) => message.number === 10).schema.fields[0].type = 'boolean'
  const decoder = decoders().for(JSON.stringify(protocol))
  const header = encodeHeader('Metadata', sampleMessages.Metadata, 0)
  expect(decoder.decode('Metadata', header)).toEqual({ correlation: sampleMessages.Metadata.correlation })
  expect(decoder.decode('Fetch', encodeHeader('Fetch', sampleMessages.Fetch, 0))).toEqual(sampleMessages.Fetch)
  protocol.messages.find((message: { number: number }) => message.number === 22).schema.fields[1].type = 'boolean'
  expect(() => decoders().for(JSON.stringify(protocol))).toThrow(
    expect.objectContaining({ code: 'INCOMPATIBLE_PEER', message: expect.stringContaining('Fetch') }),
  )
})

test('decoders are kept by the protocol itself, and the latest eight of them', () => {
  const kept = decoders()
  const json = (number: number) => new NewerProtocol(['Publish'], { Juggle: 900 + number }).json
  const first = kept.for(json(0))
  expect(kept.for(protocolJson)).toBe(kept.own)
  for (let number = 1; number < 8; number++) kept.for(json(number))
  expect(kept.for(json(0))).toBe(first)
  for (let number = 8; number < 15; number++) kept.for(json(number))
  expect(kept.for(json(0))).toBe(first)
  for (let number = 15; number < 23; number++) kept.for(json(number))
  expect(kept.for(json(0))).not.toBe(first)
})

test('a protocol that is too long is refused before it is read', () => {
  const json = protocolJson + ' '.repeat(128 * 1024)
  expect(() => decoders().for(json)).toThrow(
    expect.objectContaining({ code: 'INCOMPATIBLE_PEER', message: expect.stringContaining('131072 are allowed') }),
  )
  expect(() => decoders().for(protocolJson.padEnd(128 * 1024))).not.toThrow()
})

test('a client sends its protocol only to a broker that has another one', () => {
  expect(schemasOfBroker(joined(schemasFrame(true))).answer).toBeNull()
  const { json } = new NewerProtocol(['Records'])
  const other = joined(encodeFrame('Schemas', { fingerprint: 'other', protocolJson: json }))
  const answer = parseFrame(joined(schemasOfBroker(other).answer!))
  expect(answer.fields).toMatchObject({ protocolJson: writtenProtocolJson() })
})

test('the first frame of a broker is its schemas and nothing else', () => {
  const [welcome] = schemasFrame(true)
  const failure = joined(encodeFrame('Failure', sampleMessages.Failure))
  const withBody = joined(encodeFrame('Schemas', sampleMessages.Schemas, [Uint8Array.of(1)]))
  for (const frame of [failure, withBody, welcome!.subarray(0, 20)])
    expect(() => schemasOfBroker(frame)).toThrow(expect.objectContaining({ code: 'MALFORMED_FRAME' }))
  const none = joined(encodeFrame('Schemas', { fingerprint: 'other', protocolJson: '' }))
  expect(() => schemasOfBroker(none)).toThrow(expect.objectContaining({ code: 'INCOMPATIBLE_PEER' }))
})
