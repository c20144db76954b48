import { connect, type Socket } from 'node:net'

/** A TCP connection that sends the bytes it is given, to an address like "127.0.0.1:8080". */
export class RawConnection {
  readonly socket: Socket
  /** Resolves when the other side has closed the connection, with the milliseconds that it was open. */
  readonly closed: Promise<number>
  readonly #received: Buffer[] = []

  constructor(address: string) {
    const [host, port] = address.split(':')
    const began = performance.now()
    this.socket = connect({ host: host!, port: Number(port), allowHalfOpen: true })
    this.socket.on('error', () => {})
    this.socket.on('data', (chunk: Buffer) => void this.#received.push(chunk))
    this.closed = new Promise((resolve) => {
      const gone = (): void => {
        resolve(performance.now() - began)
        this.socket.destroy()
      }
      this.socket.once('end', gone)
      this.socket.once('close', gone)
    })
  }

  get text(): string {
    return Buffer.concat(this.#received).toString('latin1')
  }

  write(bytes: Uint8Array | string): this {
    this.socket.write(bytes)
    return this
  }

  /** The same byte again and again, for as long as the other side takes it. */
  drip(byte: string, everyMs: number): this {
    const timer = setInterval(() => this.socket.write(byte), everyMs)
    this.socket.once('close', () => clearInterval(timer))
    return this
  }
}
