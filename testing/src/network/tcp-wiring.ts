import type { Clock } from 'tailrace/embedded'
import { handOver } from './door.ts'
import { HeldPort } from './held-port.ts'
import { CONNECT_MS, dialOver } from './stream-socket.ts'
import { TcpNetwork } from './tcp-network.ts'
import { hostOf, type Wiring } from './wiring.ts'

/** Brokers and clients reach brokers over TCP on 127.0.0.1. */
export function tcpWiring(clock: Clock): Wiring {
  const network = new TcpNetwork(clock)
  return {
    network,
    async place(id) {
      const host = hostOf(id)
      const [peer, port] = await Promise.all([HeldPort.open(), HeldPort.open()])
      for (const one of [peer, port]) network.add(host, one)
      return {
        peer: peer.address,
        dial: dialOver(clock, (address) => network.connect(host, address, CONNECT_MS)),
        port: {
          address: port.address,
          attach: (server) => port.attach((socket) => handOver(server, socket)),
          detach: () => port.detach(),
          close: async () => void (await Promise.all([peer.close(), port.close()])),
        },
      }
    },
  }
}
