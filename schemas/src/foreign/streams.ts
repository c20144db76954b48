import { encodeFrame } from '../frame.ts'
import { TailraceError } from '../index.ts'
import type { MessageName } from '../messages.ts'
import { brokerDecoder, brokerMessages } from '../own-messages/broker-messages.ts'
import { decoderOfOnly, type MessageDecoder, protocolFingerprint } from '../protocol.ts'
import { foreignProtocolIn } from '../stream-schemas.ts'
import { decoderFor, protocolJson, writtenProtocolJson } from './protocol.ts'

export { correlationOfUnknown } from './unknown-message.ts'

/**
 * A protocol has some 60 KiB, that of a later version more. An unknown client sends it, so the limit is lower than for
 * another broker.
 */
const MAX_STREAM_PROTOCOL_LENGTH = 128 * 1024
/** Versions that are in use side by side are few. */
const MAX_KEPT_DECODERS = 8

/** Decoders for the other side's protocols, the latest few of them: compiling one takes milliseconds. */
export class StreamDecoders {
  readonly #taken: ReadonlySet<MessageName>
  /** By the protocol itself: any client can claim any fingerprint. */
  readonly #kept = new Map<string, MessageDecoder>()
  readonly own: MessageDecoder

  /** `taken`: the messages that the other side may send. */
  constructor(taken: ReadonlySet<MessageName>) {
    this.#taken = taken
    this.own = decoderOfOnly(taken)
  }

  /**
   * @throws TailraceError INCOMPATIBLE_PEER when it is no protocol, or one of the messages that are taken cannot be
   * resolved
   */
  for(json: string): MessageDecoder {
    if (json === protocolJson) return this.own
    if (json.length > MAX_STREAM_PROTOCOL_LENGTH) {
      const detail = `Its protocol has ${json.length} characters, ${MAX_STREAM_PROTOCOL_LENGTH} are allowed.`
      throw new TailraceError('INCOMPATIBLE_PEER', detail)
    }
    const kept = this.#kept.get(json)
    const decoder =
      kept ??
      decoderOfOnly(
        this.#taken,
        decoderFor(json, (name) => this.#taken.has(name)),
      )
    this.#kept.delete(json)
    this.#kept.set(json, decoder)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > MAX_KEPT_DECODERS) this.#kept.delete(oldest!)
    return decoder
  }
}

const brokers = new StreamDecoders(new Set(brokerMessages))

/** The first frame of a side. `isKnown`: the receiver has the protocol of this fingerprint, too. */
export function schemasFrame(isKnown: boolean, fingerprint = protocolFingerprint): Uint8Array[] {
  return encodeFrame('Schemas', { fingerprint, protocolJson: isKnown ? '' : writtenProtocolJson() })
}

/**
 * The result of a client's check of the first frame of a broker: the decoder of later frames, and the frame to send
 * first, if any.
 */
export function schemasOfBroker(frame: Uint8Array): { decoder: MessageDecoder; answer: Uint8Array[] | null } {
  const json = foreignProtocolIn(frame)
  return json === null ? { decoder: brokerDecoder, answer: null } : schemasOfForeignBroker(json)
}

/** The same for a broker with another protocol. @throws TailraceError INCOMPATIBLE_PEER */
export function schemasOfForeignBroker(json: string): { decoder: MessageDecoder; answer: Uint8Array[] } {
  return { decoder: brokers.for(json), answer: schemasFrame(false) }
}
