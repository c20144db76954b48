import { type BrokerId, formatTable, type Message, TailraceError } from '@tailrace/schemas'

/** The version in which the sides prove themselves. The present Hello, in either version, is that of version 2. */
export const PROVEN_VERSION = formatTable.handshake.version
/** The version without a proof: that of brokers without a cluster key, and of former versions of Tailrace. */
export const PLAIN_VERSION = 2

/**
 * A version that this broker knows is at the other end, or else the text that both brokers are to log. `self`: the
 * broker that looks.
 */
export function checkHandshakeVersion({ protocol, brokerId }: Message<'Hello'>, self: BrokerId): void {
  if (protocol !== PLAIN_VERSION && protocol !== PROVEN_VERSION) throw otherVersion(brokerId, protocol, self)
}

/**
 * Why this broker's Hello was refused, for its log. Version 1, which was before all others, says only that this
 * broker's version is another one; all later ones use the text of `checkHandshakeVersion`.
 */
export function refusalOfHello(error: TailraceError, by: BrokerId, self: BrokerId): TailraceError {
  const isOfFirst =
    error.code === 'INCOMPATIBLE_PEER' && error.message.endsWith(`It speaks version ${PLAIN_VERSION} of the handshake.`)
  return isOfFirst ? otherVersion(by, 1, self) : error
}

/** @throws TailraceError INCOMPATIBLE_PEER: the broker does not say who it is before it knows what this one speaks */
export function checkChallengeVersion({ protocol }: Message<'Challenge'>): void {
  if (protocol !== PROVEN_VERSION) {
    const versions = `version ${protocol} of the handshake between brokers, this one version ${PROVEN_VERSION}`
    throw new TailraceError('INCOMPATIBLE_PEER', `The peer speaks ${versions}: ${REMEDY}`)
  }
}

const REMEDY =
  'stop all brokers of the cluster, install the newer version of Tailrace on each, and start them; their data stays as it is.'

function otherVersion(peer: BrokerId, theirs: number, self: BrokerId): TailraceError {
  return new TailraceError(
    'INCOMPATIBLE_PEER',
    `Broker ${peer} speaks version ${theirs} of the handshake between brokers, broker ${self} version ${PROVEN_VERSION}: ${REMEDY}`,
  )
}
