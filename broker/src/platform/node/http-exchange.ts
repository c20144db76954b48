import type { RequestOptions } from 'node:http'
import type { AgentOptions, Agent as SecureAgent } from 'node:https'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { formatAddress } from '../address.ts'
import type { Dial } from '../dial.ts'
import { NO_ANSWER } from './error-code.ts'

// An import of node:http reads all that it exports, for which Node.js compiles fetch and WebSocket: 50 ms a start.
const { Agent: PlainAgent, request: requestPlain } = process.getBuiltinModule('node:http')
/** TLS is loaded with the first https:// address. */
const https = () => process.getBuiltinModule('node:https')

/** TLS of requests to https:// addresses. PEM texts. */
export interface HttpTls {
  /** CAs that are trusted; undefined: those of Node.js. */
  readonly ca?: string | readonly string[] | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** The name that the certificate of the server must have, where it is not the host of the address. */
  readonly serverName?: string | undefined
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
  /** Takes any certificate: for a process of this machine that could be asked in plain text as well. */
  readonly trustsAny?: true
}

export interface HttpExchange {
  readonly method: string
  /** http:// or https://, with the path. */
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | undefined
  readonly signal: AbortSignal
  /** A longer answer is an error: another program at the address may send without end. */
  readonly maxBytes: number
  /** So many milliseconds without a byte of the answer are an error; missing: it may take any time. */
  readonly silenceMs?: number | undefined
}

export interface HttpReply {
  readonly status: number
  readonly text: string
  /** The clock of the server in its header Date, in milliseconds, to the second; undefined: it gives none. */
  readonly date?: number | undefined
}

/** Sends requests, over connections that are kept for the next one. `dial`: makes them; null: TCP of this process. */
export class HttpExchanges {
  readonly #plain = new PlainAgent({ keepAlive: true })
  readonly #secureOptions: AgentOptions
  #secure: SecureAgent | null = null
  readonly #serverName: string | undefined
  readonly #dial: Dial | null

  constructor({ ca, cert, key, serverName, minVersion, trustsAny }: HttpTls = {}, dial: Dial | null = null) {
    this.#dial = dial
    if (dial !== null) this.#plain.createConnection = (place) => dial(addressOf(place))
    this.#serverName = serverName
    const trusted = typeof ca === 'string' || ca === undefined ? ca : [...ca]
    const options = { ca: trusted, cert, key, ...(minVersion && { minVersion }) }
    this.#secureOptions = { keepAlive: true, ...options, rejectUnauthorized: trustsAny !== true }
  }

  /** Rejects with the error of Node, with one of the code NO_ANSWER, or with the reason of the signal. */
  async send({ method, url, headers, body, signal, maxBytes, silenceMs }: HttpExchange): Promise<HttpReply> {
    const target = new URL(url)
    const isSecure = target.protocol === 'https:'
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const options: RequestOptions & { servername?: string } = {
      method,
      headers: { ...headers, ...length },
      signal,
      agent: isSecure ? this.#secureAgent() : this.#plain,
      ...(isSecure ? this.#named(target) : {}),
    }
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => reject(signal.aborted ? signal.reason : error)
      const asked = (isSecure ? https().request : requestPlain)(target, options, (response) => {
        const pieces: Buffer[] = []
        let bytes = 0
        response.on('data', (piece: Buffer) => {
          silence?.refresh()
          pieces.push(piece)
          bytes += piece.length
          if (bytes > maxBytes) asked.destroy(new Error(`its answer has more than ${maxBytes} bytes`))
        })
        response.on('error', fail)
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            text: Buffer.concat(pieces).toString(),
            date: dateOf(response.headers.date),
          }),
        )
      })
      const silence =
        silenceMs === undefined
          ? undefined
          : setTimeout(() => {
              fail(silentError(asked.socket?.connecting === false, silenceMs))
              asked.destroy()
            }, silenceMs)
      asked.on('close', () => clearTimeout(silence))
      asked.on('error', fail)
      // Without it, such an answer brings neither a response nor an error, and no signal ends the request.
      asked.on('upgrade', ({ statusCode }, socket) => {
        socket.destroy()
        fail(new Error(`it has answered with the status ${statusCode}, which was not asked for`))
      })
      asked.end(body)
    })
  }

  /** Ends the connections that are kept. */
  close(): void {
    this.#plain.destroy()
    this.#secure?.destroy()
  }

  #secureAgent(): SecureAgent {
    this.#secure ??= this.#newSecureAgent()
    return this.#secure
  }

  #newSecureAgent(): SecureAgent {
    const { Agent } = https()
    const agent = new Agent(this.#secureOptions)
    const dial = this.#dial
    if (dial === null) return agent
    const overTls = agent.createConnection.bind(agent) as (place: object) => Duplex
    agent.createConnection = (place) => overTls({ ...place, socket: dial(addressOf(place)) })
    return agent
  }

  #named({ hostname }: URL): { servername?: string } {
    const host = hostname.replace(/^\[|\]$/g, '')
    if (this.#serverName !== undefined) return { servername: this.#serverName }
    return isIP(host) === 0 ? { servername: host } : {}
  }
}

function addressOf({ host, port }: { readonly host?: unknown; readonly port?: unknown }): string {
  return formatAddress({ host: String(host), port: Number(port) })
}

function silentError(isConnected: boolean, ms: number): Error {
  const what = isConnected ? 'it does not answer' : 'no connection'
  return Object.assign(new Error(`${what} within ${ms / 1000} s`), { code: isConnected ? NO_ANSWER : 'ETIMEDOUT' })
}

function dateOf(text: string | undefined): number | undefined {
  const date = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(date) ? undefined : date
}
