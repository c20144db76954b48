/** Beyond it the oldest are not known any more; positions in their topics go when they expire. */
const MOST_KNOWN = 10_000

/**
 * Ids of topics whose deletion this broker has seen. One that is not in its metadata may have been created a moment
 * ago, so that alone is no reason to forget positions in it.
 */
export class DeletedTopics {
  readonly #ids = new Set<string>()

  get size(): number {
    return this.#ids.size
  }

  has(topicId: string): boolean {
    return this.#ids.has(topicId)
  }

  add(topicId: string): void {
    this.#ids.add(topicId)
    if (this.#ids.size <= MOST_KNOWN) return
    for (const oldest of this.#ids) {
      this.#ids.delete(oldest)
      return
    }
  }
}
