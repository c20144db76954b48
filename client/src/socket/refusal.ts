import type { IncomingMessage } from 'node:http'
import { errorTold, type TailraceError } from '@tailrace/schemas'
import { toldErrorIn } from '@tailrace/schemas/told-error'

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
    const told = toldErrorIn(JSON.parse(Buffer.concat(pieces).toString()))
    return told === undefined ? undefined : errorTold(told)
  } catch {
    // No JSON: another program than a broker answers.
    return undefined
  }
}
