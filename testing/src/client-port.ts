import type { Server as HttpServer } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'

/**
 * The port of a broker for its clients. It outlives the broker's lives, so that clients find the next one at the same
 * address and no other program takes it meanwhile; while the broker is down, connections are closed at once.
 */
export class ClientPort {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #behind: HttpServer | null = null

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket: Socket) => this.#take(socket))
  }

  static open(): Promise<ClientPort> {
    return new Promise((resolve, reject) => {
      const server = createServer()
      server.once('error', reject)
      server.listen({ host: '127.0.0.1', port: 0, backlog: 1024 }, () => resolve(new ClientPort(server)))
    })
  }

  /** `host:port`. */
  get address(): string {
    const { port } = this.#server.address() as { port: number }
    return `127.0.0.1:${port}`
  }

  /** From now on connections go to this server. */
  attach(server: HttpServer): void {
    this.#behind = server
  }

  /** Drops all connections, and those that come until the next `attach`. */
  detach(): void {
    this.#behind = null
    for (const socket of this.#sockets) socket.destroy()
  }

  close(): Promise<void> {
    this.detach()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }

  #take(socket: Socket): void {
    if (this.#behind === null) return void socket.destroy()
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    // As a server takes its own connections (documented for the event of node:http).
    this.#behind.emit('connection', socket)
  }
}
