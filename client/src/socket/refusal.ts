import type { IncomingMessage } from 'node:http'
import { isErrorCode, type TailraceError } from '@tailrace/schemas'
import { errorFromWire } from '../wire-error.ts'

/** Errors of brokers are far shorter. */
const MOST_BYTES = 16 * 1024

/** The error of a broker that answers in HTTP in the place of opening a WebSocket; undefined where it is none. */
export async function refusalIn(response: IncomingMessage): Promise<TailraceError | undefined> {
  const pieces: Buffer[] = []
  let bytes = 0
  try {
    for await (const piece of response) {
      pieces.push(piece as Buffer)
      bytes += (piece as Buffer).length
      if (bytes > MOST_BYTES) return undefined
    }
    const answer: unknown = JSON.parse(Buffer.concat(pieces).toString())
    const { code, message } = (answer ?? {}) as { readonly code?: unknown; readonly message?: unknown }
    if (typeof code !== 'string' || typeof message !== 'string' || !isErrorCode(code)) return undefined
    return errorFromWire({ code, message, retriable: false, hint: '' })
  } catch {
    // No JSON: another program than a broker answers.
    return undefined
  }
}
