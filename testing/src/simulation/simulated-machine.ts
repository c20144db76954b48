import type { Server } from 'node:http'
import type { Clock, LogLine, MemoryNetwork } from 'tailrace/embedded'
import { type ClientDoor, hostOf, inMemory, type Machine } from '../machine.ts'
import type { EventLoop } from './event-loop.ts'
import { MemorySocket } from './memory-socket.ts'
import { promptCrypto, seededRandom } from './seeded.ts'
import type { SimRandom } from './sim-random.ts'

const CLIENT_PORT = 8080
/** An operation of a disk takes so many microseconds. */
const FASTEST_MICROS = 50
const SLOWEST_MICROS = 1_000

export interface MachineWorld {
  readonly loop: EventLoop
  readonly clock: Clock
  readonly network: MemoryNetwork
  readonly log: (line: LogLine) => void
  /** Told of each connection of a client. */
  readonly opened: (socket: MemorySocket) => void
}

/** The machine of one simulated broker, of which only the code that it runs is real. */
export class SimulatedMachine {
  readonly machine: Machine
  /** Milliseconds that each operation of the disk takes longer. */
  diskDelayMs = 0

  constructor(id: number, random: SimRandom, { loop, clock, network, log, opened }: MachineWorld) {
    const pace = (): Promise<void> => {
      const micros = random.between(FASTEST_MICROS, SLOWEST_MICROS) + this.diskDelayMs * 1000
      return new Promise((resolve) => void loop.after(micros, resolve))
    }
    const port = simulatedDoor(hostOf(id), network, clock, opened)
    const given = { id, clock, network, log, port, random: seededRandom(random), crypto: promptCrypto, pid: id }
    this.machine = { ...given, ...inMemory(pace), readConsole: async () => new Map() }
  }
}

/** A broker that is killed loses its place in the network, and with it all connections. */
function simulatedDoor(
  host: string,
  network: MemoryNetwork,
  clock: Clock,
  opened: (socket: MemorySocket) => void,
): ClientDoor {
  const address = `${host}:${CLIENT_PORT}`
  return {
    address,
    attach(server: Server) {
      network.listen(host, address, (stream) => {
        const remote = stream.remote.slice(0, stream.remote.lastIndexOf(':'))
        const socket = new MemorySocket(clock, remote, Promise.resolve(stream))
        opened(socket)
        server.emit('connection', socket)
      })
    },
    detach() {},
    close: async () => {},
  }
}
