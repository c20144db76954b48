import type { ClientSurroundings, Timer } from '@tailrace/client'
import type { Clock, MemoryNetwork } from 'tailrace/embedded'
import { CONNECT_MS, StreamSocket } from '../network/stream-socket.ts'
import { bytesOf } from './seeded.ts'
import type { SimRandom } from './sim-random.ts'

/** The time that the code of a program sees. */
export interface ProgramClock {
  /** Milliseconds since 1970. */
  now(): number
  /** Milliseconds of a clock that never goes back. */
  monotonic(): number
  /** Calls once, after `ms` milliseconds. */
  setTimeout(call: () => void, ms: number): Timer
  /** Resolves after `ms` milliseconds. */
  delay(ms: number): Promise<void>
}

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

const never: Timer = { cancel: () => {} }

/** One life of a program. After its end no timer fires and no answer comes, as for a process that was killed. */
export class ProgramLife {
  readonly world: ProgramWorld
  #alive = true

  constructor(parts: ProgramParts) {
    const surroundings = this.#surroundings(parts)
    this.world = {
      clients: { servers: parts.servers, surroundings, logger: null },
      clock: {
        now: surroundings.now,
        monotonic: surroundings.monotonic,
        setTimeout: (call, ms) => surroundings.after(ms, call),
        delay: (ms) => new Promise((resolve) => void surroundings.after(ms, resolve)),
      },
      random: parts.random,
      note: (text) => {
        if (this.#alive) parts.note(text)
      },
    }
  }

  get alive(): boolean {
    return this.#alive
  }

  end(): void {
    this.#alive = false
  }

  #surroundings({ host, clock, network, random, opened }: ProgramParts): ClientSurroundings {
    const whileAlive = (call: () => void) => () => {
      if (this.#alive) call()
    }
    const after = (ms: number, call: () => void): Timer => (this.#alive ? clock.after(ms, whileAlive(call)) : never)
    return {
      now: clock.now,
      monotonic: clock.monotonic,
      after,
      afterIdle: after,
      every: (ms, call) => (this.#alive ? clock.every(ms, whileAlive(call)) : never),
      random: () => random.next() / 2 ** 32,
      secret: (bytes) => bytesOf(random, bytes),
      connect: (address) => {
        const dialled = this.#alive ? network.connect(host, address, CONNECT_MS) : new Promise<never>(() => {})
        const socket = new StreamSocket(clock, address.slice(0, address.lastIndexOf(':')), dialled)
        opened(socket)
        return socket
      },
    }
  }
}

/** A program of the scenario, on a machine of its own. */
export class Program {
  readonly name: string
  readonly #begin: () => ProgramLife
  readonly #kill: () => void
  #life: ProgramLife | null

  constructor(name: string, { begin, kill }: { readonly begin: () => ProgramLife; readonly kill: () => void }) {
    this.name = name
    this.#begin = begin
    this.#kill = kill
    this.#life = begin()
  }

  get running(): boolean {
    return this.#life !== null
  }

  /** As `kill -9`: what it waits for never comes, and its connections end. */
  kill(): void {
    if (this.#life === null) return
    this.#life.end()
    this.#life = null
    this.#kill()
  }

  /** Begins anew, with nothing of what it had in memory. @throws Error if it runs */
  start(): void {
    if (this.#life !== null) throw new Error(`The program ${this.name} runs already.`)
    this.#life = this.#begin()
  }
}
