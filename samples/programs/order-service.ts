import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Admin, Producer, type Sent, TailraceError } from '@tailrace/sdk'
import { type Order, orders, servers } from './orders.ts'

/**
 * An HTTP service that publishes. `POST /orders` answers when the order is on the disks of a majority. `GET /health`
 * is for a load balancer. On SIGTERM it takes no more orders, and ends when each that it took is acknowledged and
 * answered.
 */

const MOST_BYTES = 64 * 1024

await using admin = new Admin({ servers })
await admin.ensureTopic(orders, { partitions: 6 })

const producer = new Producer({
  servers,
  clientId: 'order-service',
  // What is not acknowledged fills 8 MiB; then a thousand callers wait, and others are told to come back.
  maxBufferedBytes: 8 * 1024 * 1024,
  maxWaitingSends: 1_000,
  deliveryTimeoutMs: 10_000,
})
await producer.connect()

let [underWay, isStopping] = [0, false]
const server = createServer((request, response) => {
  answer(request, response).catch((thrown) => {
    const error = TailraceError.concealed(thrown)
    const wait = Math.ceil((error.retryAfterMs ?? 1_000) / 1_000)
    reply(response, error.status, error, error.retriable ? { 'retry-after': String(wait) } : {})
  })
})
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
await once(server, 'listening')
console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)

await once(process, 'SIGTERM')
isStopping = true
server.close()
server.closeIdleConnections()
await once(server, 'close')
await producer.close({ timeoutMs: 10_000 })
console.log('stopped')

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'GET' && request.url === '/health') {
    const isHealthy = producer.status === 'connected' && !isStopping
    reply(response, isHealthy ? 200 : 503, { status: producer.status, underWay })
  } else if (request.method === 'POST' && request.url === '/orders') {
    const { partition, offset } = await publish(request)
    reply(response, 201, { partition, offset })
  } else {
    reply(response, 404, { message: 'POST /orders, or GET /health.' })
  }
}

async function publish(request: IncomingMessage): Promise<Sent> {
  underWay++
  try {
    // Nothing is known of it; the schema of the topic checks it before it is sent.
    const order = (await bodyOf(request)) as Order
    return await producer.send(orders, { key: String(order?.customer), value: order })
  } finally {
    underWay--
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (bytes > MOST_BYTES) throw new TailraceError('INVALID_REQUEST', `An order has at most ${MOST_BYTES} bytes.`)
    pieces.push(piece)
  }
  try {
    return JSON.parse(Buffer.concat(pieces).toString())
  } catch (cause) {
    throw new TailraceError('INVALID_REQUEST', 'The body is not JSON.', { cause })
  }
}

function reply(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  const more = isStopping ? { ...headers, connection: 'close' } : headers
  response.writeHead(status, { 'content-type': 'application/json', ...more }).end(JSON.stringify(body))
}
