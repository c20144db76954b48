import { type Frame, parseFrame } from './frame.ts'
import { ownDecoder, protocolFingerprint } from './protocol.ts'
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
 * The protocol in the first frame of a broker; null when it is ours.
 * @throws TailraceError MALFORMED_FRAME when it is no such frame
 */
export function foreignProtocolIn(frame: Uint8Array): string | null {
  const { fingerprint, protocolJson } = schemasIn(parseFrame(frame, ownDecoder))
  return fingerprint === protocolFingerprint ? null : protocolJson
}

/** @throws TailraceError MALFORMED_FRAME for another message, and for one with a body */
export function schemasIn(frame: Frame): { fingerprint: string; protocolJson: string } {
  if (frame.name === 'Schemas' && frame.body.length === 0) return frame.fields
  throw new TailraceError('MALFORMED_FRAME', `The first frame is ${frame.name}, not Schemas.`)
}
