import type { Socket } from 'node:net'
import { TailraceError } from '@tailrace/schemas'
import type { TransportMetrics } from '../limits/metrics.ts'

const statuses: Record<string, [number, string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not arrive in time.'],
  HPE_HEADER_OVERFLOW: [431, 'The headers are too large.'],
}

/**
 * Answers bytes that are no HTTP request (garbage on the port, a client too slow to finish its request) and closes the
 * connection.
 */
export function answerBareConnections(
  metrics: TransportMetrics,
): (error: Error & { code?: string }, socket: Socket) => void {
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
    const [status, detail] = statuses[error.code ?? ''] ?? [400, 'The bytes are not an HTTP request.']
    const known = new TailraceError(status === 408 ? 'TIMED_OUT' : 'INVALID_REQUEST', detail)
    metrics.failed(known.code)
    const body = JSON.stringify(known)
    const head = `HTTP/1.1 ${status} Error\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${body.length}\r\nconnection: close`
    socket.end(`${head}\r\n\r\n${body}`)
    // A peer that does not read the answer must not keep the socket.
    socket.destroySoon()
  }
}
