import { type Message, protocolFingerprint, TailraceError } from '@tailrace/schemas'
import type { PeerIdentity } from '../../../partition/peers.ts'
import { PLAIN_VERSION } from './handshake-version.ts'

/**
 * In the place of an identity, for a peer that has not proved itself. Its id is one that former versions read, for they
 * log why they are refused.
 */
export const nobody: PeerIdentity = {
  brokerId: 2 ** 31 - 1,
  directoryId: '',
  incarnation: '',
  clusterId: '',
  peer: '',
  http: '',
  formed: false,
}

/**
 * Hello and HelloReply are read before schemas are known, so their fields can change only together with the number of
 * the handshake.
 */
export function helloOf(self: PeerIdentity, protocol: number = PLAIN_VERSION): Message<'Hello'> {
  return { protocol, schemas: protocolFingerprint, ...plain(self) }
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

/** Of a refusal: undefined where the broker does not say who it is. @throws TailraceError MALFORMED_FRAME */
export function identityIn(fields: Message<'HelloReply'>): PeerIdentity | undefined {
  return fields.directoryId === '' ? undefined : identityOf(fields)
}

/** The identity's fields and no others. */
function plain(from: PeerIdentity): PeerIdentity {
  const { brokerId, directoryId, incarnation, clusterId, peer, http, formed } = from
  return { brokerId, directoryId, incarnation, clusterId, peer, http, formed }
}
