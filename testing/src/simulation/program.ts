import type { ClientSurroundings } from '@tailrace/client'
import type { Clock, MemoryNetwork } from 'tailrace/embedded'
import { CONNECT_MS, StreamSocket } from '../network/stream-socket.ts'
import { ProcessTime } from './process-time.ts'
import type { ProgramClock } from './program-clock.ts'
import { runWith } from './running-program.ts'
import { bytesOf } from './seeded.ts'
import type { SimRandom } from './sim-random.ts'

/** What a program stands on. */
export interface ProgramWorld {
  /** Options of `new Producer` and `new Consumer`: `new Producer({ ...clients, lingerMs: 0 })`. */
  readonly clients: {
    readonly servers: readonly string[]
    readonly surroundings: ClientSurroundings
    readonly logger: null
  }
  readonly clock: ProgramClock
  /** Drawn from the seed. */
  readonly random: SimRandom
  /** Writes a line into the history, which a failure shows. */
  note(text: string): void
}

export interface ProgramParts {
  readonly host: string
  readonly servers: readonly string[]
  readonly clock: Clock
  readonly network: MemoryNetwork
  readonly random: SimRandom
  readonly note: (text: string) => void
  /** Told of each connection that it opens. */
  readonly opened: (socket: StreamSocket) => void
}

/** One life of a program. After its end no timer fires and no answer comes, as for a process that was killed. */
export class ProgramLife {
  readonly world: ProgramWorld
  readonly #time: ProcessTime

  constructor({ host, servers, clock, network, random, note, opened }: ProgramParts) {
    const within = (call: () => void): void => this.run(call)
    const time = new ProcessTime(clock, within)
    this.#time = time
    const { now, monotonic, after, every } = time.clock
    const surroundings: ClientSurroundings = {
      now,
      monotonic,
      after,
      afterIdle: after,
      every,
      random: () => random.next() / 2 ** 32,
      secret: (bytes) => bytesOf(random, bytes),
      connect: (address) => {
        const dialled = time.hasEnded ? new Promise<never>(() => {}) : network.connect(host, address, CONNECT_MS)
        const socket = new StreamSocket(time.clock, address.slice(0, address.lastIndexOf(':')), dialled, within)
        opened(socket)
        return socket
      },
    }
    this.world = {
      clients: { servers, surroundings, logger: null },
      clock: {
        now,
        monotonic,
        setTimeout: (call, ms) => after(ms, call),
        delay: (ms) => new Promise((resolve) => void after(ms, resolve)),
      },
      random,
      note: (text) => {
        if (!time.hasEnded) note(text)
      },
    }
  }

  get alive(): boolean {
    return !this.#time.hasEnded
  }

  /** Calls code of the program. */
  run<Result>(call: () => Result): Result {
    return runWith(this.world.clock, call)
  }

  end(): void {
    this.#time.end()
  }

  suspend(): void {
    this.#time.suspend()
  }

  resume(): void {
    this.#time.resume()
  }
}

interface ProgramPlace {
  kill(): void
  suspend(): void
  resume(): void
}

/** A program of the scenario, on a machine of its own. */
export class Program {
  readonly name: string
  readonly #begin: () => ProgramLife
  /** Its place in the network. */
  readonly #place: ProgramPlace
  #life: ProgramLife | null
  #isPaused = false

  constructor(name: string, place: ProgramPlace, begin: () => ProgramLife) {
    this.name = name
    this.#begin = begin
    this.#place = place
    this.#life = begin()
  }

  /** Whether it has begun and has not been killed, also while it is paused. */
  get running(): boolean {
    return this.#life !== null
  }

  get paused(): boolean {
    return this.#isPaused
  }

  /** As `kill -9`: what it waits for never comes, and its connections end. */
  kill(): void {
    if (this.#life === null) return
    this.#life.end()
    this.#life = null
    this.#isPaused = false
    this.#place.kill()
  }

  /**
   * It stands still, as on SIGSTOP, or while the machine that it runs on does: no timer fires, nothing is read or sent,
   * and no connection ends by itself. Time passes.
   */
  pause(): void {
    if (this.#life === null || this.#isPaused) return
    this.#isPaused = true
    this.#life.suspend()
    this.#place.suspend()
  }

  /** Goes on with what it was about to do, and learns of all that has happened meanwhile. */
  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#life?.resume()
    this.#place.resume()
  }

  /** Begins anew, with nothing of what it had in memory. @throws Error if it runs */
  start(): void {
    if (this.#life !== null) throw new Error(`The program ${this.name} runs already.`)
    this.#life = this.#begin()
  }
}
