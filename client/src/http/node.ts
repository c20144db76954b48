import { type ClientRequest, type IncomingMessage, type RequestOptions, request as requestPlain } from 'node:http'
import type { Duplex } from 'node:stream'
import { type ClientTls as NodeTls, prepareTls } from '../socket/node-tls.ts'
import type { ClientSurroundings } from '../surroundings.ts'
import { type HttpAnswer, MOST_ANSWER_BYTES, type SendHttp } from './http.ts'

export const sendHttp: SendHttp = ({ method, url, headers, body, timeoutMs, tls, surroundings }) => {
  const target = new URL(url)
  const options: RequestOptions = { method, headers }
  const isSecure = target.protocol === 'https:'
  const secured = isSecure ? overTls(target, (tls as NodeTls | undefined) ?? prepareTls(undefined)) : { agent: false }
  const route = surroundings.connect === null ? secured : through(surroundings.connect, target)
  return new Promise((resolve, reject) => {
    // Over TLS it is plain HTTP on a connection of our own.
    const address = isSecure ? new URL(url.replace(/^https:/, 'http:')) : target
    const asked: ClientRequest = requestPlain(address, { ...options, ...route }, (response) => {
      read(response).then(resolve, (error) => {
        asked.destroy()
        reject(error)
      })
    })
    const late = surroundings.after(timeoutMs, () => asked.destroy(new Error(`No answer within ${timeoutMs} ms.`)))
    asked.on('error', reject)
    asked.on('close', () => late.cancel())
    asked.end(body)
  })
}

/** An agent, also `agent: false`, would make a plain connection of its own. */
function overTls({ hostname, port }: URL, tls: NodeTls): RequestOptions {
  const place = { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 443 : Number(port) }
  return { createConnection: () => tls.connect(place) }
}

function through(connect: NonNullable<ClientSurroundings['connect']>, { host }: URL): RequestOptions {
  return { createConnection: () => connect(host) as Duplex }
}

async function read(response: IncomingMessage): Promise<HttpAnswer> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of response) {
    pieces.push(piece as Buffer)
    bytes += (piece as Buffer).length
    if (bytes > MOST_ANSWER_BYTES) throw new Error(`The answer has more than ${MOST_ANSWER_BYTES} bytes.`)
  }
  return { status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString() }
}
