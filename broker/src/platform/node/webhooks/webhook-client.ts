import { lookup } from 'node:dns'
import type { IncomingMessage } from 'node:http'
import type { LookupFunction } from 'node:net'
import type { WebhookAnswer, WebhookPort } from '../../webhook-port.ts'
import { isPublicAddress } from './public-address.ts'

const TIMEOUT_MS = 10_000
/** Of an answer, of which only `done` is read. */
const MOST_BYTES = 64 * 1024

/**
 * Each connection is made anew, to the very address that was looked at: a name that stands for another one a moment
 * later changes nothing.
 */
export function webhookClient(isLocalHost: (host: string) => boolean): WebhookPort {
  const options = { keepAlive: false, maxSockets: Number.POSITIVE_INFINITY }
  // Brokers that send none do not load them: see http-exchange.ts.
  const [plain, secure] = [process.getBuiltinModule('node:http'), process.getBuiltinModule('node:https')]
  const agents = { 'http:': new plain.Agent(options), 'https:': new secure.Agent(options) }
  return {
    isPublic: isPublicAddress,
    post: (address, headers, body, signal) =>
      new Promise((resolve, reject) => {
        const { protocol } = address
        const isPlain = protocol === 'http:'
        const host = address.hostname
        const call = (isPlain ? plain : secure).request(address, {
          method: 'POST',
          headers: { ...headers, 'content-length': Buffer.byteLength(body) },
          agent: agents[isPlain ? 'http:' : 'https:'],
          // The names of this machine stand for nothing else.
          lookup: lookupWithin((found) => isLocalHost(host) || isPublicAddress(found) === true),
          signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
        })
        call.on('error', reject)
        call.on('response', (answer) => void begin(answer).then(resolve, reject))
        // Without it, such an answer brings neither a response nor an error, and no signal ends the call.
        call.on('upgrade', ({ statusCode }, socket) => {
          socket.destroy()
          resolve({ status: statusCode!, text: '' })
        })
        call.end(body)
      }),
  }
}

/** The beginning of an answer; what comes behind it is not wanted. */
async function begin(answer: IncomingMessage): Promise<WebhookAnswer> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of answer as AsyncIterable<Buffer>) {
    pieces.push(piece)
    bytes += piece.length
    if (bytes > MOST_BYTES) break
  }
  answer.destroy()
  return { status: answer.statusCode!, text: Buffer.concat(pieces).toString('utf8', 0, MOST_BYTES) }
}

function lookupWithin(mayReach: (address: string) => boolean): LookupFunction {
  return (host, options, found) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      const allowed = addresses?.filter(({ address }) => mayReach(address)) ?? []
      const problem =
        error ?? (allowed.length === 0 ? new Error(`${host} stands for no address that may be called.`) : null)
      if (problem !== null) found(problem, '', 0)
      else if (options.all) found(null, allowed)
      else found(null, allowed[0]!.address, allowed[0]!.family)
    })
  }
}
