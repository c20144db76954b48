import { type Clock, MemoryNetwork, nodeRandom } from 'tailrace/embedded'
import { handOver, memoryDoor } from './door.ts'
import { HeldPort } from './held-port.ts'
import { CONNECT_MS, dialOver } from './stream-socket.ts'
import { TcpNetwork } from './tcp-network.ts'
import { type ClusterNetwork, hostOf, memoryPeerAddress, type Wiring } from './wiring.ts'

/** Brokers reach each other in memory, clients reach them over TCP. */
export function memoryWiring(clock: Clock): Wiring {
  /** The door in memory of each broker, by the address that it tells clients and cascade brokers. */
  const doors = new Map<string, string>()
  const isDoor = new Set<string>()
  // A port for clients that nobody serves refuses at once, here as over TCP.
  const silentWhenDown = (address: string): boolean => !isDoor.has(address)
  const network = new MemoryNetwork({ clock, random: nodeRandom, maxDelayMs: 0, silentWhenDown })
  return {
    network,
    async place(id) {
      const host = hostOf(id)
      const port = await HeldPort.open()
      const inner = memoryDoor(host, network, clock, () => {})
      doors.set(port.address, inner.address)
      isDoor.add(inner.address)
      return {
        peer: memoryPeerAddress(id),
        dial: dialOver(clock, (address) => network.connect(host, doors.get(address) ?? address, CONNECT_MS)),
        port: {
          address: port.address,
          attach(server) {
            port.attach((socket) => handOver(server, socket))
            inner.attach(server)
          },
          detach: () => port.detach(),
          close: () => port.close(),
        },
      }
    },
  }
}

/**
 * As `memoryWiring`, but cascade brokers reach their sources over TCP: a port for TLS tells its connections apart by
 * the addresses at their ends, which those in memory do not have.
 */
export function memoryWiringWithTls(clock: Clock): Wiring {
  const peers = new MemoryNetwork({ clock, random: nodeRandom, maxDelayMs: 0, silentWhenDown: () => true })
  const sources = new TcpNetwork(clock)
  return {
    network: both(peers, sources),
    async place(id) {
      const host = hostOf(id)
      const port = await HeldPort.open()
      sources.add(host, port)
      return {
        peer: memoryPeerAddress(id),
        dial: dialOver(clock, (address) => sources.connect(host, address, CONNECT_MS)),
        port: {
          address: port.address,
          attach: (server) => port.attach((socket) => handOver(server, socket)),
          detach: () => port.detach(),
          close: () => port.close(),
        },
      }
    },
  }
}

/** Links that are cut and machines that die are so in both. */
function both(peers: ClusterNetwork, sources: ClusterNetwork): ClusterNetwork {
  const inBoth = (act: (one: ClusterNetwork) => void): void => {
    act(peers)
    act(sources)
  }
  return {
    host: (host) => peers.host(host),
    cut: (from, to) => inBoth((one) => one.cut(from, to)),
    heal: (from, to) => inBoth((one) => one.heal(from, to)),
    kill: (host) => inBoth((one) => one.kill(host)),
  }
}
