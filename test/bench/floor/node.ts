/**
 * The floor: the throughput of this machine with the same bytes through the same processes, hops and fsyncs, and no
 * protocol at all. A node takes bytes from producers, passes them to the two others, makes them durable with one
 * fdatasync a round, and acknowledges byte counts once a majority has them. No frames, no offsets, no checksums, no
 * elections, no reads.
 *
 * Started with IPC: { clientPort, peerPort, peerPorts, file, keep }; answers 'listening'. On 'report' it sends its CPU
 * time, fsyncs and memory.
 */
import * as fs from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { onCounts, sendCount } from './counts.ts'

const FILE_BYTES = 256 << 20

interface NodeOrder {
  readonly clientPort: number
  readonly peerPort: number
  readonly peerPorts: readonly number[]
  readonly file: string
  readonly keep: boolean
}

/**
 * One file; everything that has arrived shares the next fdatasync. `keep`: the file grows, as it must to keep all
 * bytes; else it is allocated ahead and used round and round, so that the disk does as little work as possible, and no
 * bytes are kept.
 */
class RoundFile {
  readonly #descriptor: number
  #pending: Uint8Array[] = []
  #done: (() => void)[] = []
  #position = 0
  #busy = false
  syncs = 0

  readonly #keep: boolean

  constructor(path: string, keep: boolean) {
    this.#keep = keep
    this.#descriptor = fs.openSync(path, 'w+')
    if (keep) return
    const zeros = Buffer.alloc(1 << 20)
    for (let at = 0; at < FILE_BYTES; at += zeros.length) fs.writeSync(this.#descriptor, zeros, 0, zeros.length, at)
    fs.fsyncSync(this.#descriptor)
  }

  add(chunk: Uint8Array, durable: () => void): void {
    this.#pending.push(chunk)
    this.#done.push(durable)
    if (!this.#busy) {
      this.#busy = true
      setImmediate(() => this.#round())
    }
  }

  #round(): void {
    const chunks = this.#pending
    const done = this.#done
    this.#pending = []
    this.#done = []
    let bytes = 0
    for (const chunk of chunks) bytes += chunk.length
    if (!this.#keep && this.#position + bytes > FILE_BYTES) this.#position = 0
    fs.writev(this.#descriptor, chunks, this.#position, (error) => {
      if (error) throw error
      this.#position += bytes
      fs.fdatasync(this.#descriptor, (failure) => {
        if (failure) throw failure
        this.syncs += 1
        for (const call of done) call()
        if (this.#pending.length > 0) this.#round()
        else this.#busy = false
      })
    })
  }
}

function follow(file: RoundFile, port: number): Promise<void> {
  const server = createServer((socket) => {
    socket.setNoDelay(true)
    let durable = 0
    let told = 0
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) =>
      file.add(chunk, () => {
        durable += chunk.length
        if (told === 0) {
          told = 1
          setImmediate(() => {
            told = 0
            sendCount(socket, durable)
          })
        }
      }),
    )
  })
  return new Promise((done) => server.listen(port, '127.0.0.1', () => done()))
}

function lead(file: RoundFile, port: number, followers: readonly Socket[]): Promise<void> {
  const durable = [0, 0, 0]
  const waiting: { end: number; socket: Socket; count: number }[] = []
  let sent = 0
  const commit = (): void => {
    const majority = [...durable].sort((a, b) => a - b)[1]!
    const newest = new Map<Socket, number>()
    while (waiting.length > 0 && waiting[0]!.end <= majority) {
      const first = waiting.shift()!
      newest.set(first.socket, first.count)
    }
    for (const [socket, count] of newest) sendCount(socket, count)
  }
  followers.forEach((follower, at) => {
    onCounts(follower, (count) => {
      durable[at + 1] = count
      commit()
    })
  })
  const server = createServer((socket) => {
    socket.setNoDelay(true)
    let received = 0
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length
      sent += chunk.length
      waiting.push({ end: sent, socket, count: received })
      for (const follower of followers) follower.write(chunk)
      const end = sent
      file.add(chunk, () => {
        durable[0] = end
        commit()
      })
    })
  })
  return new Promise((done) => server.listen(port, '127.0.0.1', () => done()))
}

async function connectTo(port: number): Promise<Socket> {
  for (;;) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const up = await new Promise<boolean>((done) => {
      socket.once('connect', () => done(true))
      socket.once('error', () => done(false))
    })
    if (up) {
      socket.on('error', () => {})
      return socket
    }
    await new Promise((done) => setTimeout(done, 20))
  }
}

async function run(order: NodeOrder): Promise<void> {
  const file = new RoundFile(order.file, order.keep)
  await follow(file, order.peerPort)
  const followers = await Promise.all(order.peerPorts.map(connectTo))
  await lead(file, order.clientPort, followers)
  process.send!('listening')
  process.on('message', (message) => {
    if (message !== 'report') return
    const cpu = process.cpuUsage()
    process.send!({
      cpuSeconds: (cpu.user + cpu.system) / 1e6,
      syncs: file.syncs,
      peakBytes: process.resourceUsage().maxRSS * 1024,
    })
  })
  process.on('disconnect', () => process.exit(0))
}

process.once('message', (order) => void run(order as NodeOrder))
