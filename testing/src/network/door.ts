import type { Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock, MemoryNetwork } from 'tailrace/embedded'
import { StreamSocket } from './stream-socket.ts'

/** The place at which clients reach a broker. It outlives the broker's lives. */
export interface ClientDoor {
  /** `host:port`. */
  readonly address: string
  /** From now on connections go to this server. */
  attach(server: Server): void
  /** Drops all connections, and those that come until the next `attach`. */
  detach(): void
  close(): Promise<void>
}

/** As a server takes its own connections (documented for the event of node:http). */
export function handOver(server: Server, socket: Duplex): void {
  server.emit('connection', socket)
}

/**
 * A door in a network in memory. A broker that is killed loses its place there, and with it all connections. `opened`
 * is told of each.
 */
export function memoryDoor(
  host: string,
  network: MemoryNetwork,
  clock: Clock,
  opened: (socket: StreamSocket) => void,
): ClientDoor {
  const address = `${host}:8080`
  return {
    address,
    attach(server) {
      network.listen(host, address, (stream) => {
        const remote = stream.remote.slice(0, stream.remote.lastIndexOf(':'))
        const socket = new StreamSocket(clock, remote, Promise.resolve(stream))
        opened(socket)
        handOver(server, socket)
      })
    },
    detach() {},
    close: async () => {},
  }
}
