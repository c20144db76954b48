import { createServer, type Server, type Socket } from 'node:net'

/**
 * A port of a broker. It outlives the broker's lives, so that others find the next one at the same address and no other
 * program takes it meanwhile; while the broker is down, connections are closed at once.
 */
export class HeldPort {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #take: ((socket: Socket) => void) | null = null

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket: Socket) => this.#come(socket))
  }

  static open(): Promise<HeldPort> {
    return new Promise((resolve, reject) => {
      const server = createServer()
      server.once('error', reject)
      server.listen({ host: '127.0.0.1', port: 0, backlog: 1024 }, () => resolve(new HeldPort(server)))
    })
  }

  /** `host:port`. */
  get address(): string {
    const { port } = this.#server.address() as { port: number }
    return `127.0.0.1:${port}`
  }

  /** Whether anybody takes connections. */
  get isTaken(): boolean {
    return this.#take !== null
  }

  /** From now on connections are taken so; null: they are closed at once. */
  attach(take: ((socket: Socket) => void) | null): void {
    this.#take = take
  }

  /** Drops all connections, and those that come until the next `attach`. */
  detach(): void {
    this.#take = null
    for (const socket of this.#sockets) socket.destroy()
  }

  close(): Promise<void> {
    this.detach()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }

  #come(socket: Socket): void {
    if (this.#take === null) return void socket.destroy()
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    this.#take(socket)
  }
}
