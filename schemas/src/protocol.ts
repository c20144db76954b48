import { codecs, protocolFingerprint } from '#own-messages'
import { AvroReader } from './avro/reader.ts'
import { AvroWriter } from './avro/writer.ts'
import type { Message, MessageName } from './messages.ts'
import { TailraceError } from './tailrace-error.ts'

export { protocolFingerprint }

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

const nameOfNumber = new Map<number, MessageName>(
  Object.entries(codecs).map(([name, { number }]) => [number, name as MessageName]),
)
/** One of each is enough: nothing else runs while a header is read or written. */
const headerReader = new AvroReader()
const headerWriter = new AvroWriter()
/** Whether the message is a request or the answer to one. */
export function isCorrelated(name: MessageName): boolean {
  return isMessageName(name) && codecs[name].isCorrelated
}

/** Whether a name is that of a message that is known here. */
export function isMessageName(name: string): name is MessageName {
  return Object.hasOwn(codecs, name)
}

/** The number of a message that is known here. */
export function messageNumber(name: MessageName): number {
  return codecs[name].number
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
  decode<Name extends MessageName>(name: Name, header: Uint8Array): Message<Name> {
    // A page cannot read what no broker sends to an SDK.
    const { read }: Partial<(typeof codecs)[Name]> = codecs[name]
    return read === undefined ? ({} as Message<Name>) : decodeHeader(name, read, header)
  },
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

/** @throws TailraceError MALFORMED_FRAME */
export function decodeHeader<Name extends MessageName>(
  name: Name,
  read: (from: AvroReader) => unknown,
  header: Uint8Array,
): Message<Name> {
  try {
    headerReader.start(header)
    const fields = read(headerReader)
    headerReader.finish()
    return fields as Message<Name>
  } catch (cause) {
    throw new TailraceError('MALFORMED_FRAME', `${name}: ${reason(cause)}.`, { cause })
  }
}

/** The Avro long at the start of a header (zigzag, base 128); null if there is none. */
export function longAtStart(header: Uint8Array): number | null {
  let value = 0
  for (let at = 0, scale = 1; at < header.length && at < 8; at++, scale *= 128) {
    value += (header[at]! & 0x7f) * scale
    if (header[at]! < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
  return null
}

/** JSON's messages may quote the input; the text shown to people stays short. */
export function reason(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).slice(0, 200)
}
