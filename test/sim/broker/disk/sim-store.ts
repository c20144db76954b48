import type { StateSnapshot, StateStore } from '../../../../broker/src/log/log-storage.ts'
import type { EventLoop } from '../../../../testing/src/simulation/event-loop.ts'
import type { SimRandom } from '../../../../testing/src/simulation/sim-random.ts'
import type { SimProcess } from '../sim-process.ts'

type Changes = readonly (readonly [string, Uint8Array | null])[]

const WRITE_MICROS = [20, 400] as const
/** Writes that may be lost. Older ones have reached the platter on their own. */
const UNSYNCED_WRITES = 12

/**
 * A state store as `StateStore` describes it: whole writes in order, none ever synced, so that a crash loses any number
 * of the newest.
 */
export class SimStore {
  readonly #loop: EventLoop
  readonly #random: SimRandom
  readonly #ignoresFlush: boolean
  /** The state without the newest writes. */
  readonly #settled = new Map<string, Uint8Array>()
  #newest: Changes[] = []
  #content = new Map<string, Uint8Array>()

  /** `ignoresFlush`: a control. */
  constructor(loop: EventLoop, random: SimRandom, ignoresFlush = false) {
    this.#ignoresFlush = ignoresFlush
    this.#loop = loop
    this.#random = random
  }

  crash(): void {
    this.#newest.length = this.#random.below(this.#newest.length + 1)
    this.#content = new Map(this.#settled)
    for (const changes of this.#newest) apply(this.#content, changes)
  }

  mount(process: SimProcess): StateStore {
    const content = this.#content
    return {
      get: (key) => this.#operate(process, () => this.#content.get(key) ?? null),
      range: (from, to) => range(content, from, to),
      write: (changes) => this.#operate(process, () => this.#write(changes)),
      flush: () => this.#operate(process, () => this.#settle()),
      snapshot: () => snapshotOf(new Map(this.#content)),
      close: () => this.#operate(process, () => {}),
    }
  }

  /** As a process finds it. */
  contents(): ReadonlyMap<string, Uint8Array> {
    return new Map(this.#content)
  }

  /** The pairs that are durable for certain; and the same put back later. */
  image(): ReadonlyMap<string, Uint8Array> {
    return new Map(this.#settled)
  }

  putBack(image: ReadonlyMap<string, Uint8Array>): void {
    this.wipe()
    for (const [key, value] of image) this.#settled.set(key, value)
    this.#content = new Map(this.#settled)
  }

  wipe(): void {
    this.#settled.clear()
    this.#newest = []
    this.#content = new Map()
  }

  #settle(): void {
    if (this.#ignoresFlush) return
    for (const changes of this.#newest) apply(this.#settled, changes)
    this.#newest = []
  }

  #write(changes: Changes): void {
    const own = changes.map(([key, value]) => [key, value?.slice() ?? null] as const)
    apply(this.#content, own)
    this.#newest.push(own)
    if (this.#newest.length > UNSYNCED_WRITES) apply(this.#settled, this.#newest.shift()!)
  }

  #operate<Result>(process: SimProcess, work: () => Result): Promise<Result> {
    return new Promise((resolve) => {
      this.#loop.after(this.#random.between(...WRITE_MICROS), () => {
        if (!process.alive) return
        const result = work()
        process.run(() => resolve(result))
      })
    })
  }
}

function snapshotOf(content: ReadonlyMap<string, Uint8Array>): StateSnapshot {
  return {
    get: async (key) => content.get(key) ?? null,
    range: (from, to) => range(content, from, to),
    close: async () => {},
  }
}

/** In the order of the keys' bytes, which is not that of JavaScript's strings. */
async function* range(
  content: ReadonlyMap<string, Uint8Array>,
  from: string,
  to: string,
): AsyncGenerator<readonly [string, Uint8Array]> {
  const [low, high] = [Buffer.from(from), Buffer.from(to)]
  const found = [...content].map(([key, value]) => ({ key, value, bytes: Buffer.from(key) }))
  const inside = found.filter(({ bytes }) => Buffer.compare(bytes, low) >= 0 && Buffer.compare(bytes, high) < 0)
  inside.sort((a, b) => Buffer.compare(a.bytes, b.bytes))
  for (const { key, value } of inside) yield [key, value]
}

function apply(content: Map<string, Uint8Array>, changes: Changes): void {
  for (const [key, value] of changes) {
    if (value === null) content.delete(key)
    else content.set(key, value)
  }
}
