import { Fifo } from '@tailrace/client'

interface Lane<Item> {
  readonly name: string | null
  readonly waiting: Fifo<Item>
}

/** An item that has been started. */
export interface Turn<Item> {
  readonly item: Item
  readonly lane: Lane<Item>
}

/**
 * Which item may start next: of each lane one after the other, in the order in which they came, of all lanes at most
 * `most` at once. A lane whose first item waits for another attempt takes none of those places.
 */
export class Lanes<Item> {
  readonly #most: number
  readonly #lanes = new Map<string, Lane<Item>>()
  /** Lanes whose first item may start. */
  readonly #ready = new Fifo<Lane<Item>>()
  /** Items whose pause is over. */
  readonly #again = new Fifo<Turn<Item>>()
  #running = 0
  #size = 0

  constructor(most: number) {
    this.#most = most
  }

  /** Items that have come and are not finished. */
  get size(): number {
    return this.#size
  }

  get running(): number {
    return this.#running
  }

  /** `lane` null: the item has no order with others. */
  add(lane: string | null, item: Item): void {
    this.#size++
    const known = lane === null ? undefined : this.#lanes.get(lane)
    if (known !== undefined) {
      known.waiting.push(item)
      return
    }
    const added = { name: lane, waiting: new Fifo<Item>() }
    added.waiting.push(item)
    if (lane !== null) this.#lanes.set(lane, added)
    this.#ready.push(added)
  }

  /** The next item, which has been started by that; undefined while none may start. */
  start(): Turn<Item> | undefined {
    if (this.#running >= this.#most) return undefined
    const again = this.#again.shift()
    const lane = again === undefined ? this.#ready.shift() : undefined
    if (again === undefined && lane === undefined) return undefined
    this.#running++
    return again ?? { item: lane!.waiting.shift()!, lane: lane! }
  }

  /** Its lane goes on. */
  finish({ lane }: Turn<Item>): void {
    this.#running--
    this.#size--
    if (lane.waiting.length > 0) this.#ready.push(lane)
    else if (lane.name !== null) this.#lanes.delete(lane.name)
  }

  /** It is to be started again later; its lane waits for it. */
  pause(_turn: Turn<Item>): void {
    this.#running--
  }

  resume(turn: Turn<Item>): void {
    this.#again.push(turn)
  }
}
