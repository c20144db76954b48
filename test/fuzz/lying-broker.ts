import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import {
  BatchWriter,
  Compression,
  encodeFrame,
  type Frame,
  type Message,
  parseFrame,
  placeBatch,
} from '@tailrace/schemas'
import { schemasFrame } from '@tailrace/schemas/foreign-streams'
import { type WebSocket, WebSocketServer } from 'ws'
import { sealed } from '../../schemas/src/testing/changed-batches.ts'
import type { Block } from './blocks.ts'
import { joined } from './target.ts'

const kinds = ['honest', 'frame', 'frame with checksum', 'frame', 'more', 'raw', 'welcome', 'frame'] as const
/** Values that a number of a frame may get; its other fields are right. */
const oddNumbers = [-1, 0, 2 ** 31 - 1, Number.MAX_SAFE_INTEGER - 1]
const HEADER_BYTES = 61
const FIRST_SIGN_MS = 1_000
const flights = { name: 'flights', id: 't1' }

/**
 * A broker on a real port that answers each request with the next block of a script, and honestly when that is used up.
 */
export class LyingBroker {
  readonly port: number
  /** performance.now() of the last message in either direction. */
  lastSign = 0
  #script: Block[] = []
  readonly #sockets = new Set<Socket>()

  private constructor(port: number, sockets: WebSocketServer) {
    this.port = port
    sockets.on('connection', (socket, { socket: stream }) => {
      this.#sockets.add(stream)
      socket.on('error', () => {})
      this.#welcome(socket)
      socket.on('message', (data) => this.#answer(socket, parseFrame(new Uint8Array(data as Buffer))))
    })
  }

  static async start(): Promise<LyingBroker> {
    const server = createServer()
    const sockets = new WebSocketServer({ server, path: '/stream', perMessageDeflate: false })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    // The process may end with it.
    server.unref()
    return new LyingBroker((server.address() as AddressInfo).port, sockets)
  }

  play(script: readonly Block[]): void {
    this.#script = [...script]
    // The time in which a program must send its first message.
    this.lastSign = performance.now() + FIRST_SIGN_MS
  }

  /** Resets all connections, so that the machine keeps no state of them. */
  drop(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
    this.#sockets.clear()
  }

  /** Sends its schemas; the script may begin with another first frame, which is of no request. */
  #welcome(socket: WebSocket): void {
    const isLie = this.#script[0] !== undefined && kinds[this.#script[0].kind % kinds.length] === 'welcome'
    if (isLie) socket.send(this.#script.shift()!.bytes)
    else socket.send(joined(schemasFrame(true)))
  }

  #answer(socket: WebSocket, request: Frame): void {
    this.lastSign = performance.now()
    const { kind = 0, bytes = new Uint8Array() } = this.#script.shift() ?? {}
    const choice = kinds[kind % kinds.length]!
    if (choice === 'honest' || choice === 'more') for (const frame of this.#honest(request)) socket.send(frame)
    if (choice === 'raw' || choice === 'welcome') socket.send(bytes)
    else if (choice !== 'honest')
      socket.send(addressed(bytes, request, choice === 'frame with checksum', Math.floor(kind / kinds.length)))
  }

  #honest({ name, fields }: Frame): Uint8Array[] {
    const correlation = 'correlation' in fields ? fields.correlation : 0
    switch (name) {
      case 'Metadata':
        return [joined(encodeFrame('MetadataReply', { correlation, ...metadata(this.port) }))]
      case 'InitProducer':
        return [joined(encodeFrame('InitProducerReply', { correlation, producerId: 7, epoch: 0 }))]
      case 'Publish':
        return [joined(encodeFrame('PublishReply', { correlation, baseOffset: 4, lastOffset: 4, duplicate: false }))]
      case 'PublishIf':
        return [joined(encodeFrame('PublishIfReply', { correlation, baseOffset: 4, lastOffset: 4, duplicate: false }))]
      case 'Fetch': {
        const place = { correlation, nextOffset: 2, highWatermark: 2, logStart: 0 }
        return [joined(encodeFrame('FetchReply', place, [storedBatch()]))]
      }
      case 'Subscribe': {
        const { subscription } = fields
        const places = [0, 1].map((partition) => ({ partition, offset: 0, highWatermark: 2 }))
        const records = { subscription, partition: 0, nextOffset: 2, highWatermark: 2 }
        return [
          joined(encodeFrame('Subscribed', { subscription, partitions: places, topicId: flights.id })),
          joined(encodeFrame('Records', records, [storedBatch()])),
        ]
      }
      default:
        return []
    }
  }
}

export function metadata(port: number): Omit<Message<'MetadataReply'>, 'correlation'> {
  const partitions = [0, 1].map((partition) => ({ partition, leader: 1, term: 3, replicas: [1] }))
  return {
    clusterId: 'c',
    brokers: [{ id: 1, http: `127.0.0.1:${port}`, alive: true }],
    topics: [{ ...flights, partitions }],
  }
}

/** Two records from offset 0 on. */
export function storedBatch(): Uint8Array {
  const writer = new BatchWriter()
  for (const value of ['a', 'b']) writer.append({ timestamp: 1.7e12, key: 'k', value, headers: [['h', 'x']] })
  const batch = writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: Compression.none })
  placeBatch(batch, 0, 0, 3)
  return batch
}

/** The frame as an answer to this request, if it is a frame. `odd` above 0: with one number changed. */
function addressed(bytes: Uint8Array, request: Frame, withChecksum: boolean, odd: number): Uint8Array {
  let frame: Frame
  try {
    frame = parseFrame(bytes)
  } catch {
    return bytes
  }
  const { correlation = 0, subscription = correlation } = request.fields as {
    correlation?: number
    subscription?: number
  }
  const fields =
    odd === 0 ? { ...frame.fields } : withOddNumber(frame.fields, (odd - 1) >> 2, oddNumbers[(odd - 1) & 3]!)
  if ('correlation' in fields) fields.correlation = correlation || subscription
  if ('subscription' in fields) fields.subscription = subscription
  const body = withChecksum && frame.body.length >= HEADER_BYTES ? sealed(frame.body.slice()) : frame.body
  try {
    return joined(encodeFrame(frame.name, fields as never, [body]))
  } catch {
    // That number has no room for it.
    return bytes
  }
}

/** A copy in which the number at this place, counted through all lists, is another one. */
function withOddNumber(fields: object, place: number, odd: number): Record<string, unknown> {
  let at = 0
  const changed = (value: unknown): unknown => {
    if (typeof value === 'number') return at++ === place ? odd : value
    if (Array.isArray(value)) return value.map(changed)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, isAddress(key) ? part : changed(part)]))
  }
  return changed(fields) as Record<string, unknown>
}

function isAddress(key: string): boolean {
  return key === 'correlation' || key === 'subscription'
}
