import { Resolver } from 'node:dns/promises'
import type { IncomingMessage } from 'node:http'
import type { WebhookAnswer, WebhookPort } from '../../webhook-port.ts'
import { hostLookup, type NameServers } from './host-lookup.ts'
import { isPublicAddress } from './public-address.ts'

const TIMEOUT_MS = 10_000
/** Twice this, before the time of the request is over. */
const LOOKUP_MS = 2_000
/** Of what is said of a failure: a receiver may have written it. */
const MOST_CHARACTERS = 200
/** Of an answer, of which only `done` is read. */
const MOST_BYTES = 64 * 1024

/** As the machine has them at the moment: a resolver reads that once. */
const resolver = (): Resolver => new Resolver({ timeout: LOOKUP_MS, tries: 2 })
const systemServers: NameServers = {
  resolve4: (host) => resolver().resolve4(host),
  resolve6: (host) => resolver().resolve6(host),
}

/**
 * Each connection is made anew, to the very address that was looked at: a name that stands for another one a moment
 * later changes nothing.
 */
export function webhookClient(
  isLocalHost: (host: string) => boolean,
  servers: NameServers = systemServers,
): WebhookPort {
  const lookup = hostLookup(isLocalHost, servers)
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
        const call = (isPlain ? plain : secure).request(address, {
          method: 'POST',
          headers: { ...headers, 'content-length': Buffer.byteLength(body) },
          agent: agents[isPlain ? 'http:' : 'https:'],
          lookup,
          signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
        })
        const fail = (cause: Error): void => reject(inShort(cause))
        call.on('error', fail)
        call.on('response', (answer) => void begin(answer).then(resolve, fail))
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

/** Errors have the certificates of a receiver, or what it has sent, besides: too much for a log. */
function inShort({ message, code, name }: NodeJS.ErrnoException): Error {
  // That of several attempts to connect says nothing.
  return new Error(message.slice(0, MOST_CHARACTERS) || (code ?? name))
}
