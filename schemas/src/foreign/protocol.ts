import { protocolJson } from '#own-schemas'
import { type Read, resolve } from '../avro/resolve.ts'
import { type AvroType, parseSchema } from '../avro/schema.ts'
import type { MessageName } from '../messages.ts'
import { decodeHeader, longAtStart, type MessageDecoder, messageName, ownDecoder, reason } from '../protocol.ts'
import { TailraceError } from '../tailrace-error.ts'

export { protocolJson }

/** A peer's protocol has some kilobytes; far larger text is not one. */
const MAX_PROTOCOL_JSON_LENGTH = 1024 * 1024

let ownTypes: Map<MessageName, AvroType> | undefined

/** Our own schemas as the resolution needs them: most programs never meet a peer of another version. */
function ownType(name: MessageName): AvroType {
  ownTypes ??= new Map(
    parseProtocol(protocolJson).map(({ number, schema }) => [messageName(number)!, parseSchema(schema)]),
  )
  return ownTypes.get(name)!
}

let forReaders: string | undefined

/**
 * All schemas as a peer of another version needs them to read what is written here: without the defaults and bounds of
 * lists, of which it uses its own. Brokers of before refuse a handshake of more than 64 KiB.
 */
export function writtenProtocolJson(): string {
  forReaders ??= JSON.stringify(JSON.parse(protocolJson), (key, value) =>
    key === 'default' || key === 'maxItems' ? undefined : value,
  )
  return forReaders
}

/**
 * A decoder for a peer of another version, by Avro's rules of schema resolution: fields we do not know are skipped,
 * fields the peer does not know take our default. Messages that only one side knows do no harm until they are sent.
 * @param peerProtocolJson the peer's `writtenProtocolJson`, or its `protocolJson`
 * @param isNeeded whether a message that cannot be resolved matters: by default every one does
 * @throws TailraceError INCOMPATIBLE_PEER when it is no protocol, or a message that both know cannot be resolved
 */
export function decoderFor(peerProtocolJson: string, isNeeded = (_name: MessageName) => true): MessageDecoder {
  if (peerProtocolJson === protocolJson) return ownDecoder
  const reads = new Map<MessageName, Read>()
  const messages = parseProtocol(peerProtocolJson)
  for (const { number, schema } of messages) {
    const name = messageName(number)
    if (name !== undefined && isNeeded(name)) reads.set(name, resolved(name, number, schema))
  }
  const unknownRequests = requestsOf(messages.filter(({ number }) => messageName(number) === undefined))
  return {
    correlationOfUnknown: (number, header) => (unknownRequests.has(number) ? longAtStart(header) : null),
    decode: (name, header) => {
      const read = reads.get(name)
      if (read === undefined) throw new TailraceError('UNSUPPORTED_MESSAGE', `${name} is not in the peer's protocol.`)
      return decodeHeader(name, read, header)
    },
  }
}

function resolved(name: MessageName, number: number, schema: unknown): Read {
  try {
    const writer = parseSchema(schema)
    const writerName = 'name' in writer ? writer.name : writer.kind
    if (writerName !== `tailrace.${name}`) throw new TypeError(`number ${number} is ${writerName}`)
    return resolve(ownType(name), writer)
  } catch (cause) {
    throw new TailraceError('INCOMPATIBLE_PEER', `${name}: ${reason(cause)}.`, { cause })
  }
}

/** Numbers of the messages that have an answer, hence a correlation as their first field. */
function requestsOf(messages: readonly { number: number; schema: unknown }[]): Set<number> {
  const nameOf = (schema: unknown): unknown => (schema as { name?: unknown } | null)?.name
  const names = new Set(messages.map(({ schema }) => nameOf(schema)))
  return new Set(messages.filter(({ schema }) => names.has(`${nameOf(schema)}Reply`)).map(({ number }) => number))
}

function parseProtocol(json: string): { number: number; schema: unknown }[] {
  if (json.length > MAX_PROTOCOL_JSON_LENGTH) throw new TailraceError('INCOMPATIBLE_PEER', 'Its protocol is too long.')
  try {
    const protocol = JSON.parse(json)
    if (protocol.layout !== 1) throw new TypeError(`frame layout ${protocol.layout}`)
    if (!Array.isArray(protocol.messages)) throw new TypeError('no messages')
    const numbers = new Set<number>()
    for (const message of protocol.messages) {
      if (!Number.isInteger(message?.number)) throw new TypeError('a message without number')
      if (numbers.has(message.number)) throw new TypeError(`number ${message.number} twice`)
      numbers.add(message.number)
    }
    return protocol.messages
  } catch (cause) {
    throw new TailraceError('INCOMPATIBLE_PEER', `Its protocol cannot be read: ${reason(cause)}.`, { cause })
  }
}
