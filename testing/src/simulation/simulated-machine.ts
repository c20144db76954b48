import type { Clock, LogLine, MemoryNetwork } from 'tailrace/embedded'
import { inMemory, type Machine } from '../machine.ts'
import { memoryDoor } from '../network/door.ts'
import { CONNECT_MS, StreamSocket } from '../network/stream-socket.ts'
import { hostOf, memoryPeerAddress } from '../network/wiring.ts'
import type { EventLoop } from './event-loop.ts'
import { promptCrypto, seededRandom } from './seeded.ts'
import type { SimRandom } from './sim-random.ts'

/** An operation of a disk takes so many microseconds. */
const FASTEST_MICROS = 50
const SLOWEST_MICROS = 1_000

export interface MachineWorld {
  readonly loop: EventLoop
  readonly clock: Clock
  readonly network: MemoryNetwork
  readonly log: (line: LogLine) => void
  /** Told of each connection of a client, or to a source. */
  readonly opened: (socket: StreamSocket) => void
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
    const host = hostOf(id)
    const dial: Machine['dial'] = (address) => {
      const remote = address.slice(0, address.lastIndexOf(':'))
      const socket = new StreamSocket(clock, remote, network.connect(host, address, CONNECT_MS))
      opened(socket)
      return socket
    }
    const place = { peer: memoryPeerAddress(id), port: memoryDoor(host, network, clock, opened), dial }
    const given = { id, clock, network, log, ...place, random: seededRandom(random), crypto: promptCrypto, pid: id }
    this.machine = { ...given, ...inMemory(pace), readConsole: async () => new Map() }
  }
}
