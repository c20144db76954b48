import {
  clientMessages,
  decoderOfOnly,
  type Frame,
  type MessageDecoder,
  type MessageName,
  protocolFingerprint,
  schemasIn,
  sdkProtocolFingerprint,
} from '@tailrace/schemas'
import { StreamDecoders, schemasFrame } from '@tailrace/schemas/foreign-streams'

const clientDecoders = new StreamDecoders(new Set(clientMessages))
const onlySchemas = decoderOfOnly(new Set<MessageName>(['Schemas']))

/** How the frames of one client are read: by the schemas that it writes with (schemas/src/stream-schemas.ts). */
export class ClientSchemas {
  /** The broker's first frame; null for a client that has not named its schemas. */
  readonly welcome: readonly Uint8Array[] | null
  decoder: MessageDecoder
  /** The next frame must carry the schemas of the client. */
  isAwaited = false

  /** `fingerprint`: of the client's protocol; undefined: the same as the broker's. */
  constructor(fingerprint: string | undefined) {
    const isKnown = fingerprint === protocolFingerprint || fingerprint === sdkProtocolFingerprint
    this.isAwaited = fingerprint !== undefined && !isKnown
    this.welcome = fingerprint === undefined ? null : schemasFrame(isKnown, isKnown ? fingerprint : protocolFingerprint)
    this.decoder = this.isAwaited ? onlySchemas : clientDecoders.own
  }

  /**
   * @throws TailraceError MALFORMED_FRAME for anything but schemas, INCOMPATIBLE_PEER for those that cannot be resolved
   */
  learn(frame: Frame): void {
    this.decoder = clientDecoders.for(schemasIn(frame).protocolJson)
    this.isAwaited = false
  }
}
