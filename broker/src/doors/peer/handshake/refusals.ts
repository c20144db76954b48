import { encodeFrame, TailraceError } from '@tailrace/schemas'
import type { Refusals } from '../../../platform/tls-port.ts'
import { errorFields } from '../error-fields.ts'
import { helloReplyOf, nobody } from './identity-frames.ts'

/**
 * The last words of the peer port to a connection that TLS does not let in, as a broker reads them during its
 * handshake. They say nothing about this broker.
 */
export const peerRefusals: Refusals = {
  plain: (socket) => void socket.write(refusal(new TailraceError('TLS_REQUIRED'))),
  certificate: (socket, reason) => void socket.write(refusal(new TailraceError('CERTIFICATE_REFUSED', `${reason}.`))),
}

function refusal(error: TailraceError): Uint8Array {
  return Buffer.concat(encodeFrame('HelloReply', helloReplyOf(nobody, '', errorFields(error)), []))
}
