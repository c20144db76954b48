/**
 * Many subscribers in one process, on bare sockets that speak just enough WebSocket, so that they cost less than what
 * is measured. Started with IPC.
 */
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { encodeFrame } from '@tailrace/schemas'
import { build } from 'hdr-histogram-js'
import { FrameCounter } from './frame-counter.ts'
import { forEachMark, nowUs } from './marks.ts'

export interface SubscribersOrder {
  readonly kind: 'floor' | 'binary' | 'json' | 'polls'
  readonly host: string
  readonly port: number
  readonly count: number
  readonly topic: string
  /** Each follows one of so many, in turn. Default: all follow the only one. */
  readonly partitions?: number
}

export interface SubscribersReport {
  readonly records: number
  readonly frames: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** The first byte of a ping, which comes alone where nothing else does. */
const PING = 0x89
const PONG = 0xa

const sockets: Socket[] = []
const counters: { frames: number }[] = []
let records = 0
let latency = newHistogram()

function newHistogram() {
  return build({ lowestDiscernibleValue: 1, highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: 3 })
}

/** A frame of a client, with a mask of zeros. */
function masked(opcode: number, payload: Uint8Array): Buffer {
  const long = payload.length >= 126
  const head = Buffer.alloc(long ? 8 : 6)
  head[0] = 0x80 | opcode
  head[1] = 0x80 | (long ? 126 : payload.length)
  if (long) head.writeUInt16BE(payload.length, 2)
  return Buffer.concat([head, payload])
}

/** `at`: which of the subscribers. */
function subscription({ kind, topic, partitions = 1 }: SubscribersOrder, at: number): Buffer | null {
  if (kind === 'floor' || kind === 'polls') return null
  const partition = at % partitions
  if (kind === 'json') {
    return masked(1, Buffer.from(JSON.stringify({ op: 'subscribe', id: 's', topic, partitions: [partition] })))
  }
  const position = { kind: 'LATEST', value: 0 } as const
  const fields = { subscription: 1, topic, position, partitions: [{ partition, position }], credit: 2 ** 50 }
  return masked(2, Buffer.concat(encodeFrame('Subscribe', fields)))
}

/** As forEachMark. */
function take(bytes: Buffer): number {
  const now = nowUs()
  return forEachMark(bytes, (dueUs) => {
    records++
    latency.recordValue(Math.max(1, now - dueUs))
  })
}

/** Resolves once the answer to the subscription, or to the handshake of the floor, has come. */
function open(order: SubscribersOrder, wanted: Buffer | null): Promise<void> {
  const counter = new FrameCounter()
  counters.push(counter)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: order.host, port: order.port })
    sockets.push(socket)
    let isOpen = false
    let rest: Buffer = Buffer.alloc(0)
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the server has closed the connection')))
    socket.on('connect', () => {
      const key = randomBytes(16).toString('base64')
      const lines = ['GET /stream HTTP/1.1', `Host: ${order.host}:${order.port}`, 'Connection: Upgrade']
      socket.write(
        `${lines.join('\r\n')}\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
      )
    })
    socket.on('data', (chunk: Buffer) => {
      let bytes: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      if (!isOpen) {
        const end = bytes.indexOf('\r\n\r\n')
        if (end < 0) {
          rest = bytes
          return
        }
        if (!bytes.toString('latin1', 0, 12).endsWith(' 101'))
          return reject(new Error(bytes.toString('latin1', 0, 100)))
        isOpen = true
        if (wanted !== null) socket.write(wanted)
        bytes = bytes.subarray(end + 4)
        counter.take(bytes)
        rest = Buffer.alloc(0)
      } else if (chunk[0] === PING) socket.write(masked(PONG, chunk.subarray(2)))
      else counter.take(chunk)
      if (counter.frames > 0 || wanted === null) resolve()
      rest = Buffer.from(bytes.subarray(take(bytes)))
    })
  })
}

/** Asks again with each answer; resolves when the first question has left. */
function poll({ host, port, topic }: SubscribersOrder): Promise<void> {
  const counter = { frames: 0 }
  counters.push(counter)
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    sockets.push(socket)
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the server has closed the connection')))
    const ask = (offset: string): void => {
      const path = `/topics/${topic}/partitions/0/records?offset=${offset}&waitMs=60000`
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`, () => resolve())
    }
    socket.on('connect', () => ask('latest'))
    let answer: Buffer = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      answer = answer.length === 0 ? chunk : Buffer.concat([answer, chunk])
      const end = answer.indexOf('\r\n\r\n')
      if (end < 0) return
      const bytes = /content-length: (\d+)/i.exec(answer.toString('latin1', 0, end))?.[1]
      if (bytes === undefined) return reject(new Error(answer.toString('latin1', 0, 100)))
      if (answer.length < end + 4 + Number(bytes)) return
      const next = /"nextOffset":(\d+),"highWatermark":\d+\}$/.exec(answer.toString('latin1', answer.length - 80))?.[1]
      if (next === undefined) return reject(new Error(answer.toString('latin1')))
      counter.frames++
      take(answer)
      answer = Buffer.alloc(0)
      ask(next)
    })
  })
}

async function start(order: SubscribersOrder): Promise<void> {
  const begin = (at: number) => (order.kind === 'polls' ? poll(order) : open(order, subscription(order, at)))
  for (let at = 0; at < order.count; at += 100) {
    const some = Math.min(100, order.count - at)
    await Promise.all(Array.from({ length: some }, (_, next) => begin(at + next)))
  }
}

function reset(): void {
  records = 0
  latency = newHistogram()
  for (const counter of counters) counter.frames = 0
}

process.on('message', (asked: SubscribersOrder | 'reset' | 'report') => {
  if (asked === 'reset') {
    reset()
    process.send!('reset')
  } else if (asked === 'report') {
    const frames = counters.reduce((sum, counter) => sum + counter.frames, 0)
    const [p50Ms, p99Ms] = [50, 99].map((percent) => latency.getValueAtPercentile(percent) / 1000) as [number, number]
    process.send!({ records, frames, p50Ms, p99Ms } satisfies SubscribersReport)
  } else {
    start(asked).then(
      () => process.send!('open'),
      (error: Error) => {
        console.error(error)
        process.exit(1)
      },
    )
  }
})
process.on('disconnect', () => process.exit(0))
