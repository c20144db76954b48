import type { Clock, MemoryNetwork, TimerHandle } from 'tailrace/embedded'
import type { TestBroker } from '../test-broker.ts'
import type { TestCluster } from '../test-cluster.ts'
import type { Faults } from './faults.ts'
import type { Program } from './program.ts'
import type { SimRandom } from './sim-random.ts'
import type { SimulatedMachine } from './simulated-machine.ts'

/** A machine in the network. */
export interface Host {
  readonly host: string
  readonly name: string
}

/** What faults befall. */
export interface Targets {
  readonly clock: Clock
  readonly network: MemoryNetwork
  readonly cluster: TestCluster
  readonly machines: readonly SimulatedMachine[]
  readonly programs: ReadonlyMap<string, Program>
  readonly brokers: readonly Host[]
  /** Those of programs and of cascade brokers. */
  readonly others: () => readonly Host[]
  readonly note: (text: string) => void
}

/** Takes a fault back; null: there was nothing that it could befall. */
type Undo = (() => void) | null

interface Strike {
  readonly everyMs: number
  readonly forMs: number
  readonly act: (random: SimRandom) => Undo
}

interface Link {
  readonly here: string
  readonly there: string
  readonly text: string
  readonly free: () => void
}

/** Lets faults happen at times and places that the seed says, and ends them. */
export class FaultDriver {
  readonly #targets: Targets
  readonly #timers = new Set<TimerHandle>()
  readonly #open = new Set<() => void>()
  readonly #busy = new Set<string>()

  constructor(targets: Targets) {
    this.#targets = targets
  }

  /** `stream`: randomness of its own for each kind, so that one kind more does not change when the others strike. */
  begin(faults: Faults, stream: (kind: number) => SimRandom): void {
    const { brokerKills, cascadeKills, programKills, programPauses, cuts, resets, slowLinks, slowDisks } = faults
    const kinds: (Strike | undefined)[] = [
      brokerKills && { ...brokerKills, act: (random) => this.#killBroker(random) },
      programKills && { ...programKills, act: (random) => this.#killProgram(random) },
      cuts && { ...cuts, act: (random) => this.#cut(random) },
      resets && { ...resets, forMs: 1, act: (random) => this.#reset(random) },
      slowLinks && { ...slowLinks, act: (random) => this.#slowLink(random, slowLinks.byMs) },
      slowDisks && { ...slowDisks, act: (random) => this.#slowDisk(random, slowDisks.byMs) },
      cascadeKills && { ...cascadeKills, act: (random) => this.#killCascade(random) },
      programPauses && { ...programPauses, act: (random) => this.#pauseProgram(random) },
    ]
    for (const [kind, strike] of kinds.entries()) if (strike !== undefined) this.#await(strike, stream(kind))
    for (const { atMs, act } of faults.plan ?? []) this.#after(atMs, () => void act(this.#targets.cluster))
  }

  /** No fault comes any more, and those that last end now. */
  end(): void {
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
    for (const undo of [...this.#open]) undo()
  }

  #await(strike: Strike, random: SimRandom): void {
    this.#after(about(strike.everyMs, random), () => {
      const undo = strike.act(random)
      if (undo !== null) this.#lasting(undo, about(strike.forMs, random))
      this.#await(strike, random)
    })
  }

  #lasting(undo: () => void, ms: number): void {
    const once = (): void => {
      if (this.#open.delete(once)) undo()
    }
    this.#open.add(once)
    this.#after(ms, once)
  }

  #after(ms: number, call: () => void): void {
    const timer = this.#targets.clock.after(ms, () => {
      this.#timers.delete(timer)
      call()
    })
    this.#timers.add(timer)
  }

  #killBroker(random: SimRandom): Undo {
    const { cluster } = this.#targets
    const up = cluster.brokers.filter(({ state }) => state === 'running')
    if (up.length === 0 || up.length - 1 < Math.min(cluster.brokers.length, Math.floor(cluster.brokers.length / 2) + 1))
      return null
    return this.#kill(random.pick(up), 'broker')
  }

  #killCascade(random: SimRandom): Undo {
    const up = this.#targets.cluster.cascades.filter(({ state }) => state === 'running')
    return up.length === 0 ? null : this.#kill(random.pick(up), 'cascade broker')
  }

  #kill(broker: TestBroker, kind: string): Undo {
    const { note } = this.#targets
    const name = `${kind} ${broker.id}`
    note(`${name} is killed`)
    void broker.kill()
    return () => {
      if (broker.state !== 'down') return
      note(`${name} starts`)
      broker.start().catch((error: unknown) => note(`${name} does not start: ${String(error)}`))
    }
  }

  #killProgram(random: SimRandom): Undo {
    const { programs, note } = this.#targets
    const up = [...programs.values()].filter(({ running }) => running)
    if (up.length === 0) return null
    const program = random.pick(up)
    note(`program ${program.name} is killed`)
    program.kill()
    return () => {
      if (program.running) return
      note(`program ${program.name} starts`)
      program.start()
    }
  }

  #pauseProgram(random: SimRandom): Undo {
    const { programs, note } = this.#targets
    const going = [...programs.values()].filter(({ running, paused }) => running && !paused)
    if (going.length === 0) return null
    const program = random.pick(going)
    note(`program ${program.name} stands still`)
    program.pause()
    return () => {
      if (!program.paused) return
      note(`program ${program.name} goes on`)
      program.resume()
    }
  }

  #cut(random: SimRandom): Undo {
    const { network, note } = this.#targets
    const link = this.#link(random, 'cut')
    if (link === null) return null
    const { here, there, text } = link
    const isBoth = random.chance(0.7)
    note(`the link ${text} is cut${isBoth ? ', in both directions' : ''}`)
    network.cut(here, there)
    if (isBoth) network.cut(there, here)
    return () => {
      note(`the link ${text} is whole`)
      network.heal(here, there)
      network.heal(there, here)
      link.free()
    }
  }

  #reset(random: SimRandom): Undo {
    const { network, note } = this.#targets
    const link = this.#link(random, 'reset')
    if (link === null) return null
    note(`the connections ${link.text} break`)
    network.reset(link.here, link.there)
    link.free()
    return null
  }

  #slowLink(random: SimRandom, ms: number): Undo {
    const { network, note } = this.#targets
    const link = this.#link(random, 'slow')
    if (link === null) return null
    const { here, there, text } = link
    note(`the link ${text} takes ${ms} ms longer`)
    network.slow(here, there, ms)
    return () => {
      note(`the link ${text} is fast again`)
      network.slow(here, there, 0)
      link.free()
    }
  }

  #slowDisk(random: SimRandom, ms: number): Undo {
    const { machines, note } = this.#targets
    const one = random.pick(machines)
    if (one.diskDelayMs > 0) return null
    note(`the disk of broker ${one.machine.id} takes ${ms} ms longer`)
    one.diskDelayMs = ms
    return () => {
      note(`the disk of broker ${one.machine.id} is fast again`)
      one.diskDelayMs = 0
    }
  }

  /** Two machines, one of them a broker's, that no other fault of this kind separates; null: there are none. */
  #link(random: SimRandom, kind: string): Link | null {
    const { brokers, others } = this.#targets
    const one = random.pick(brokers)
    const other = random.pick([...brokers, ...others()].filter((host) => host !== one))
    const [here, there] = random.chance(0.5) ? [one, other] : [other, one]
    const key = `${kind} ${[one.host, other.host].sort().join()}`
    if (this.#busy.has(key)) return null
    this.#busy.add(key)
    return {
      here: here.host,
      there: there.host,
      text: `from ${here.name} to ${there.name}`,
      free: () => void this.#busy.delete(key),
    }
  }
}

function about(meanMs: number, random: SimRandom): number {
  return random.between(1, 2 * Math.ceil(meanMs))
}
