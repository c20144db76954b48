import { encodeFrame, type Frame, parseFrame } from './frame.ts'
import { type MessageName, MessageNumber } from './messages.ts'
import {
  decoderFor,
  decoderOfOnly,
  type MessageDecoder,
  ownDecoder,
  protocolFingerprint,
  protocolJson,
  writtenProtocolJson,
} from './protocol.ts'
import { TailraceError } from './tailrace-error.ts'

/**
 * How the two sides of a WebSocket get to know each other's schemas, so that either may be of another version:
 *
 *     client    GET /stream?schemas=…       the fingerprint of its protocol
 *     broker           <- Schemas           its own fingerprint, and its protocol if the two differ
 *     client    Schemas ->                  its protocol, only if they differ
 *
 * The broker's frame follows its answer to the upgrade at once, so it costs no round trip. Every later frame is read by
 * the writer's schemas. A client that names no fingerprint has the schemas of the broker, and the broker sends it no
 * such frame.
 */
export const schemasParameter = 'schemas'

/** The query that a client adds to the address of `/stream`. */
export const streamQuery = `?${schemasParameter}=${protocolFingerprint}`

/**
 * A protocol has some 60 KiB, that of a later version more. An unknown client sends it, so the limit is lower than for
 * another broker.
 */
const MAX_STREAM_PROTOCOL_LENGTH = 128 * 1024
/** Versions that are in use side by side are few. */
const MAX_KEPT_DECODERS = 8

/** What a client may send on a stream behind its schemas. A door has a check for each (docs/security.md). */
export const clientMessages = [
  'Publish',
  'PublishIf',
  'Fetch',
  'FindOffset',
  'InitProducer',
  'Metadata',
  'Brokers',
  'ConsumerGroup',
  'Authenticate',
  'CascadeBeat',
  'CascadeTopics',
  'CascadeSecurity',
  'Subscribe',
  'Credit',
  'Unsubscribe',
] as const satisfies readonly MessageName[]

export type ClientMessageName = (typeof clientMessages)[number]

/** What a broker sends that is no reply to one request. */
const pushed = ['Failure', 'Subscribed', 'Records', 'SubscriptionEnd'] as const satisfies readonly MessageName[]

/** What a broker may send on a stream behind its schemas. */
export const brokerMessages: readonly MessageName[] = [
  ...pushed,
  ...clientMessages.map((name) => `${name}Reply`).filter((name) => name in MessageNumber),
] as MessageName[]

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

/** The first frame of a side. `isKnown`: the receiver has the same protocol. */
export function schemasFrame(isKnown: boolean): Uint8Array[] {
  return encodeFrame('Schemas', {
    fingerprint: protocolFingerprint,
    protocolJson: isKnown ? '' : writtenProtocolJson(),
  })
}

/**
 * The result of a client's check of the first frame of a broker: the decoder of later frames, and the frame to send
 * first, if any.
 */
export function schemasOfBroker(frame: Uint8Array): { decoder: MessageDecoder; answer: Uint8Array[] | null } {
  const { fingerprint, protocolJson: json } = schemasIn(parseFrame(frame, ownDecoder))
  if (fingerprint === protocolFingerprint) return { decoder: brokers.own, answer: null }
  return { decoder: brokers.for(json), answer: schemasFrame(false) }
}

/** @throws TailraceError MALFORMED_FRAME for another message, and for one with a body */
export function schemasIn(frame: Frame): { fingerprint: string; protocolJson: string } {
  if (frame.name === 'Schemas' && frame.body.length === 0) return frame.fields
  throw new TailraceError('MALFORMED_FRAME', `The first frame is ${frame.name}, not Schemas.`)
}
