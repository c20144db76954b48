import { type BrokerId, formatTable, type Message, TailraceError } from '@tailrace/schemas'

const OURS = formatTable.handshake.version

/**
 * The handshake of this version is at the other end, or else the text that both brokers are to log. `self`: the broker
 * that looks.
 */
export function checkHandshakeVersion({ protocol, brokerId }: Message<'Hello'>, self: BrokerId): void {
  if (protocol !== OURS) throw otherVersion(brokerId, protocol, self)
}

/**
 * Why this broker's Hello was refused, for its log. Version 1, which was before all others, says only that this
 * broker's version is another one; all later ones use the text of `checkHandshakeVersion`.
 */
export function refusalOfHello(error: TailraceError, by: BrokerId, self: BrokerId): TailraceError {
  const isOfFirst =
    error.code === 'INCOMPATIBLE_PEER' && error.message.endsWith(`It speaks version ${OURS} of the handshake.`)
  return isOfFirst ? otherVersion(by, 1, self) : error
}

function otherVersion(peer: BrokerId, theirs: number, self: BrokerId): TailraceError {
  return new TailraceError(
    'INCOMPATIBLE_PEER',
    `Broker ${peer} speaks version ${theirs} of the handshake between brokers, broker ${self} version ${OURS}: ` +
      'stop all brokers of the cluster, install the newer version of Tailrace on each, and start them; their data stays as it is.',
  )
}
