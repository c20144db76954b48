import { WebSocket } from 'ws'

interface Pushed {
  readonly op: string
  readonly partition: number
  readonly records: readonly { readonly offset: number }[]
  readonly nextOffset: number
  readonly code?: string
  readonly retriable?: boolean
}

/**
 * A program with a plain WebSocket and JSON, as in docs/protocol.md: it resumes at its offsets, at the next server,
 * when its connection is lost.
 */
export class JsonSubscriber {
  /** How many records of each partition have come, each in its turn. */
  readonly next: number[]
  /** What should not have come. */
  readonly faults: string[] = []
  connections = 0
  readonly #servers: readonly string[]
  readonly #topic: string
  #at: number
  #socket: WebSocket | null = null
  #closed = false

  /** `servers`: host and port. `at`: the one to begin with. */
  constructor(servers: readonly string[], at: number, topic: string, partitions: number) {
    this.#servers = servers
    this.#topic = topic
    this.#at = at
    this.next = Array.from({ length: partitions }, () => 0)
    this.#connect()
  }

  /** Its connection is gone, without a word. */
  cut(): void {
    this.#socket?.terminate()
  }

  close(): void {
    this.#closed = true
    this.#socket?.terminate()
  }

  #connect(): void {
    if (this.#closed) return
    const socket = new WebSocket(`ws://${this.#servers[this.#at++ % this.#servers.length]}/stream`)
    this.#socket = socket
    socket.on('open', () => {
      this.connections++
      const partitions = this.next.map((from, partition) => ({ partition, from }))
      socket.send(JSON.stringify({ op: 'subscribe', id: 's', topic: this.#topic, partitions }))
    })
    socket.on('message', (data) => this.#take(JSON.parse(String(data)) as Pushed, socket))
    socket.on('error', () => {})
    socket.on('close', () => setTimeout(() => this.#connect(), 100))
  }

  #take({ op, partition, records, nextOffset, code, retriable }: Pushed, socket: WebSocket): void {
    if (op === 'error') {
      // A cascade broker that has just started may be behind this reader.
      if (!retriable && code !== 'OFFSET_OUT_OF_RANGE') this.faults.push(`${code}`)
      socket.terminate()
      return
    }
    if (op !== 'records') return
    for (const { offset } of records) {
      if (offset !== this.next[partition])
        this.faults.push(`${partition}: ${offset} in place of ${this.next[partition]}`)
      this.next[partition] = offset + 1
    }
    if (nextOffset !== this.next[partition]) this.faults.push(`${partition}: next is ${nextOffset}`)
  }
}
