/**
 * A producer of the floor: sends pieces of `pieceBytes` to its leaders in turn, with at most `windowBytes`
 * unacknowledged on each, for `seconds`. Started with IPC; answers with the acknowledged bytes.
 */
import { connect, type Socket } from 'node:net'
import { onCounts } from './counts.ts'

interface ProducerOrder {
  readonly leaderPorts: readonly number[]
  readonly pieceBytes: number
  readonly windowBytes: number
  readonly seconds: number
}

class Stream {
  readonly #socket: Socket
  readonly #piece: Buffer
  readonly #window: number
  sent = 0
  acknowledged = 0
  stopped = false

  constructor(port: number, piece: Buffer, window: number) {
    this.#piece = piece
    this.#window = window
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => this.#fill())
    onCounts(this.#socket, (count) => {
      this.acknowledged = count
      this.#fill()
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #fill(): void {
    this.#socket.cork()
    while (!this.stopped && this.sent - this.acknowledged + this.#piece.length <= this.#window) {
      this.#socket.write(this.#piece)
      this.sent += this.#piece.length
    }
    this.#socket.uncork()
  }
}

async function run(order: ProducerOrder): Promise<void> {
  const piece = Buffer.alloc(order.pieceBytes, 0x61)
  const began = process.cpuUsage()
  const start = performance.now()
  const streams = order.leaderPorts.map(
    (port) => new Stream(port, piece, Math.max(order.windowBytes, order.pieceBytes)),
  )
  await new Promise((done) => setTimeout(done, order.seconds * 1000))
  const bytes = streams.reduce((sum, stream) => sum + stream.acknowledged, 0)
  const seconds = (performance.now() - start) / 1000
  const cpu = process.cpuUsage(began)
  for (const stream of streams) {
    stream.stopped = true
    stream.close()
  }
  process.send!({ bytes, seconds, cpuSeconds: (cpu.user + cpu.system) / 1e6 })
  process.on('disconnect', () => process.exit(0))
}

process.once('message', (order) => void run(order as ProducerOrder))
