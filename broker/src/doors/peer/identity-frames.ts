import { formatTable, type Message, protocolFingerprint, TailraceError } from '@tailrace/schemas'
import type { PeerIdentity } from '../../partition/peers.ts'

/**
 * Number of the handshake itself. Hello and HelloReply are read before schemas are known, so their fields can change
 * only together with it.
 */
const HANDSHAKE_VERSION = formatTable.handshake.version

export function helloOf(self: PeerIdentity): Message<'Hello'> {
  return { protocol: HANDSHAKE_VERSION, schemas: protocolFingerprint, ...plain(self) }
}

export function helloReplyOf(
  self: PeerIdentity,
  protocolJson: string,
  error: Message<'HelloReply'>['error'],
): Message<'HelloReply'> {
  return { ...plain(self), protocolJson, error }
}

/** @throws TailraceError MALFORMED_FRAME when a field is none that a broker could have sent */
export function identityOf(fields: Message<'Hello'> | Message<'HelloReply'>): PeerIdentity {
  const identity = plain(fields)
  if (!(identity.brokerId >= 1 && identity.brokerId < 2 ** 31)) {
    throw new TailraceError('MALFORMED_FRAME', `${identity.brokerId} is no broker id.`)
  }
  return identity
}

/** The identity's fields and no others. */
function plain(from: PeerIdentity): PeerIdentity {
  const { brokerId, directoryId, incarnation, clusterId, peer, http, formed } = from
  return { brokerId, directoryId, incarnation, clusterId, peer, http, formed }
}
