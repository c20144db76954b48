import type { BrokerId } from '@tailrace/schemas'
import { Heap } from '../../platform/heap.ts'

interface Loaded {
  readonly broker: BrokerId
  readonly load: number
}

/** Sources in order of a load that changes. Ties go to the lower number, so that the order is always the same. */
export class Ranking<T extends Loaded> {
  /** A source is in it once for each load that it has had since; only that with its present load counts. */
  readonly #heap: Heap<{ readonly source: T; readonly load: number }>

  /** `first`: which comes first. */
  constructor(sources: readonly T[], first: 'least' | 'most') {
    const sign = first === 'least' ? 1 : -1
    this.#heap = new Heap((a, b) => sign * (a.load - b.load) || a.source.broker - b.source.broker)
    for (const source of sources) this.changed(source)
  }

  /** After a change of the source's load, or of what `first` asks for. */
  changed(source: T): void {
    this.#heap.push({ source, load: source.load })
  }

  /** The first that is fit; one that is not is left out until it changes. */
  first(fit: (source: T) => boolean = () => true): T | undefined {
    for (let top = this.#heap.first; top !== undefined; top = this.#heap.first) {
      if (top.load === top.source.load && fit(top.source)) return top.source
      this.#heap.pop()
    }
    return undefined
  }
}
