import type { Socket } from 'node:net'
import { type ErrorCode, TailraceError } from '@tailrace/schemas'
import type { Refusals } from '../../platform/tls-port.ts'
import type { TransportMetrics } from '../limits/metrics.ts'

const statuses: Record<string, [number, ErrorCode, string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'TIMED_OUT', 'The request did not arrive in time.'],
  HPE_HEADER_OVERFLOW: [431, 'INVALID_REQUEST', 'The headers are too large.'],
}
/** The first byte of a TLS handshake. */
const TLS_HANDSHAKE = 0x16

/**
 * Answers bytes that are no HTTP request (garbage on the port, a client too slow to finish its request) and closes the
 * connection.
 */
export function answerBareConnections(
  metrics: TransportMetrics,
): (error: Error & { code?: string; rawPacket?: unknown }, socket: Socket) => void {
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
    const [status, code, detail] = statuses[error.code ?? ''] ?? unreadable(error.rawPacket)
    const known = new TailraceError(code, detail)
    metrics.failed(code)
    endWith(socket, status, known)
    // A client that does not read the answer must not keep the socket.
    socket.destroySoon()
  }
}

/** Answers of a port that asks for TLS, to connections that it does not let in. */
export function refuseConnections(metrics: TransportMetrics): Refusals {
  const refuse = (socket: Socket, error: TailraceError): void => {
    metrics.failed(error.code)
    endWith(socket, error.status, error)
  }
  return {
    plain: (socket) => refuse(socket, new TailraceError('TLS_REQUIRED')),
    certificate: (socket, reason) => refuse(socket, new TailraceError('CERTIFICATE_REFUSED', `${reason}.`)),
  }
}

/** An answer in plain HTTP is what TLS clients know best as the sign of a port without TLS. */
function unreadable(bytes: unknown): [number, ErrorCode, string | undefined] {
  if (bytes instanceof Uint8Array && bytes[0] === TLS_HANDSHAKE) return [400, 'TLS_OFF', undefined]
  return [400, 'INVALID_REQUEST', 'The bytes are not an HTTP request.']
}

function endWith(socket: Socket, status: number, error: TailraceError): void {
  const body = JSON.stringify(error)
  const head = `HTTP/1.1 ${status} Error\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close`
  socket.end(`${head}\r\n\r\n${body}`)
}
