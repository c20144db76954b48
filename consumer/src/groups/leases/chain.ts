/** What a {@link Chain} keeps in its items. */
export interface Link<Item> {
  isLinked: boolean
  before: Item | undefined
  after: Item | undefined
}

/**
 * Items in the order in which they were added, any of which may leave. The neighbours stand in the items themselves: a
 * Set would cost more than all else that is done for a record that is handled alone.
 */
export class Chain<Item extends Link<Item>> {
  #first: Item | undefined
  #last: Item | undefined

  /** Undefined: it is empty. */
  get first(): Item | undefined {
    return this.#first
  }

  add(item: Item): void {
    if (item.isLinked) return
    item.isLinked = true
    item.before = this.#last
    if (this.#last === undefined) this.#first = item
    else this.#last.after = item
    this.#last = item
  }

  /** Whether it was there. */
  delete(item: Item): boolean {
    if (!item.isLinked) return false
    const { before, after } = item
    if (before === undefined) this.#first = after
    else before.after = after
    if (after === undefined) this.#last = before
    else after.before = before
    item.isLinked = false
    item.before = undefined
    item.after = undefined
    return true
  }
}
