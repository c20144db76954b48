import { protocolFingerprint, protocolJson } from './avro/generated.ts'
import { codecs } from './avro/generated-codecs/table.ts'
import { AvroReader } from './avro/reader.ts'
import { type Read, resolve } from './avro/resolve.ts'
import { type AvroType, parseSchema } from './avro/schema.ts'
import { AvroWriter } from './avro/writer.ts'
import { type Message, type MessageName, MessageNumber } from './messages.ts'
import { TailraceError } from './tailrace-error.ts'

export { protocolFingerprint, protocolJson }

/** Turns Avro headers of one writer's protocol into our messages. */
export interface MessageDecoder {
  /** @throws TailraceError MALFORMED_FRAME, or UNSUPPORTED_MESSAGE when the writer's protocol has no such message */
  decode<Name extends MessageName>(name: Name, header: Uint8Array): Message<Name>
  /**
   * The correlation of a message that only the writer's protocol knows, if it is a request there; else null: the peer
   * waits for no answer.
   */
  correlationOfUnknown?(number: number, header: Uint8Array): number | null
}

/** A peer's protocol has some kilobytes; far larger text is not one. */
const MAX_PROTOCOL_JSON_LENGTH = 1024 * 1024

const nameOfNumber = new Map<number, MessageName>(
  Object.entries(MessageNumber).map(([name, number]) => [number, name as MessageName]),
)
/** One of each is enough: nothing else runs while a header is read or written. */
const headerReader = new AvroReader()
const headerWriter = new AvroWriter()
let ownTypes: Map<MessageName, AvroType> | undefined

/** Our own schemas as the resolution needs them: most programs never meet a peer of another version. */
function ownType(name: MessageName): AvroType {
  ownTypes ??= new Map(
    parseProtocol(protocolJson).map(({ number, schema }) => [nameOfNumber.get(number)!, parseSchema(schema)]),
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

/** Whether the message is a request or the answer to one. */
export function isCorrelated(name: MessageName): boolean {
  return codecs[name].isCorrelated
}

/** The message that a number stands for, or undefined. */
export function messageName(number: number): MessageName | undefined {
  return nameOfNumber.get(number)
}

/**
 * The Avro header of a message behind `reserved` free bytes, in one buffer.
 * @throws TailraceError INVALID_REQUEST when a field is missing or of the wrong type
 */
export function encodeHeader<Name extends MessageName>(
  name: Name,
  fields: Message<Name>,
  reserved: number,
): Uint8Array {
  try {
    headerWriter.start(reserved)
    codecs[name].write(headerWriter, fields)
    return headerWriter.finish()
  } catch (cause) {
    throw new TailraceError('INVALID_REQUEST', `${name}: ${reason(cause)}.`, { cause })
  }
}

/** Reads the messages of a writer with our own schemas: every client, and every broker until its schemas are known. */
export const ownDecoder: MessageDecoder = {
  decode: (name, header) => decodeHeader(name, codecs[name].read, header),
}

/**
 * As another decoder, for a door that takes only these messages: of any other message only the correlation is read, so
 * that a message that will be refused costs no objects.
 */
export function decoderOfOnly(taken: ReadonlySet<MessageName>, decoder: MessageDecoder = ownDecoder): MessageDecoder {
  const { correlationOfUnknown } = decoder
  return {
    ...(correlationOfUnknown && { correlationOfUnknown }),
    decode<Name extends MessageName>(name: Name, header: Uint8Array): Message<Name> {
      if (taken.has(name)) return decoder.decode(name, header)
      const correlation = codecs[name].isCorrelated ? longAtStart(header) : null
      return (correlation === null ? {} : { correlation }) as Message<Name>
    },
  }
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
    const name = nameOfNumber.get(number)
    if (name !== undefined && isNeeded(name)) reads.set(name, resolved(name, number, schema))
  }
  const unknownRequests = requestsOf(messages.filter(({ number }) => !nameOfNumber.has(number)))
  return {
    correlationOfUnknown: (number, header) => (unknownRequests.has(number) ? longAtStart(header) : null),
    decode: (name, header) => {
      const read = reads.get(name)
      if (read === undefined) throw new TailraceError('UNSUPPORTED_MESSAGE', `${name} is not in the peer's protocol.`)
      return decodeHeader(name, read, header)
    },
  }
}

function decodeHeader<Name extends MessageName>(name: Name, read: Read, header: Uint8Array): Message<Name> {
  try {
    headerReader.start(header)
    const fields = read(headerReader)
    headerReader.finish()
    return fields as Message<Name>
  } catch (cause) {
    throw new TailraceError('MALFORMED_FRAME', `${name}: ${reason(cause)}.`, { cause })
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

/** The Avro long at the start of a header (zigzag, base 128); null if there is none. */
function longAtStart(header: Uint8Array): number | null {
  let value = 0
  for (let at = 0, scale = 1; at < header.length && at < 8; at++, scale *= 128) {
    value += (header[at]! & 0x7f) * scale
    if (header[at]! < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
  return null
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

/** JSON's messages may quote the input; the text shown to people stays short. */
function reason(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).slice(0, 200)
}
