interface Event {
  readonly time: number
  readonly order: number
  readonly run: () => void
}

/**
 * Virtual time: the event that is due first runs first, and of two events due together the one that was scheduled
 * first. A binary heap.
 */
export class EventQueue {
  /** Microseconds since the start. */
  now = 0
  readonly #heap: Event[] = []
  #order = 0

  get size(): number {
    return this.#heap.length
  }

  /** Runs `run` in `delay` microseconds. */
  after(delay: number, run: () => void): void {
    const heap = this.#heap
    const event = { time: this.now + delay, order: this.#order++, run }
    let slot = heap.length
    heap.push(event)
    while (slot > 0) {
      const parent = (slot - 1) >> 1
      if (isBefore(heap[parent]!, event)) break
      heap[slot] = heap[parent]!
      slot = parent
    }
    heap[slot] = event
  }

  /** Runs the next event; false if there is none. */
  step(): boolean {
    const heap = this.#heap
    const first = heap[0]
    if (first === undefined) return false
    const last = heap.pop()!
    if (heap.length > 0) this.#sink(last)
    this.now = first.time
    first.run()
    return true
  }

  #sink(event: Event): void {
    const heap = this.#heap
    let slot = 0
    for (;;) {
      let child = 2 * slot + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (isBefore(event, heap[child]!)) break
      heap[slot] = heap[child]!
      slot = child
    }
    heap[slot] = event
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order)
}
