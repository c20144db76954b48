import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import type { Clock, TimerHandle } from '../clock.ts'

export interface MemoryReadings {
  /** Bytes that are allocated, live or not, inside of V8's heap and outside. */
  allocated(): number
  /** Frees memory that is not live. Stops everything for some tens of milliseconds. */
  collect(): void
  /** Gives empty pages back, where the heap is small enough for that. Stops everything for twice as long. */
  giveBack(): void
}

const lookMs = 5_000
/** Bytes that are worth a collection. */
const worthBytes = 32 * 1024 * 1024
/**
 * With more used, a collection that gives pages back stops the process for too long: it marks everything at least
 * twice.
 */
const smallHeapBytes = 64 * 1024 * 1024
/** More than this since the last look: there is load, and V8 collects by itself. */
const loadBytes = 16 * 1024 * 1024

/**
 * Frees memory after load. Batches lie outside of V8's heap, and V8 counts them in a limit of some gigabytes
 * (docs/decisions/external-memory.md): as long as it allocates it collects, but when load ends, the garbage of the load
 * stays until as much again has been allocated, which under light load is never. `look` is to be called every few
 * seconds; it collects once when things have become quiet and more has piled up since the last collection than is worth
 * the pause, and gives the empty pages back with the next look: the young generation alone keeps 30 MB after a start.
 */
export class MemoryRelease {
  readonly #readings: MemoryReadings
  /**
   * Allocated after the last collection, or less if V8 has collected since. 0 at first: a start compiles a thousand
   * modules, and what that leaves is collected as soon as it is over.
   */
  #least = 0
  #last: number
  /** Collected, and nothing given back yet. */
  #collected = false

  constructor(readings: MemoryReadings = ownReadings()) {
    this.#readings = readings
    this.#last = readings.allocated()
  }

  look(): void {
    const allocated = this.#readings.allocated()
    const isQuiet = Math.abs(allocated - this.#last) < loadBytes
    this.#last = allocated
    this.#least = Math.min(this.#least, allocated)
    if (!isQuiet) return
    if (allocated - this.#least < worthBytes) {
      if (this.#collected) this.#readings.giveBack()
      this.#collected = false
      return
    }
    this.#readings.collect()
    this.#collected = true
    this.#last = this.#readings.allocated()
    this.#least = this.#last
  }
}

/** Looks every few seconds, until cancelled. */
export function releaseMemoryAfterLoad(clock: Clock): TimerHandle {
  const release = new MemoryRelease()
  return clock.every(lookMs, () => release.look())
}

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'regular' | 'last-resort' }) => void

function ownReadings(): MemoryReadings {
  let gc: Collect | null = null
  const collect = (flavor: 'regular' | 'last-resort'): void => {
    if (gc === null) {
      setFlagsFromString('--expose-gc')
      gc = runInNewContext('gc') as Collect
    }
    gc({ type: 'major', execution: 'sync', flavor })
  }
  return {
    allocated: () => {
      const { used_heap_size: used, external_memory: external } = getHeapStatistics()
      return used + external
    },
    collect: () => collect('regular'),
    giveBack: () => {
      if (getHeapStatistics().used_heap_size < smallHeapBytes) collect('last-resort')
    },
  }
}
