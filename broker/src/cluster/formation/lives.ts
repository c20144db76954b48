/** The lives that a broker's data folder remembers (`Lives` on the wire). */
export interface LivesTold {
  readonly directoryId: string
  /** One id for each start, the present one last. */
  readonly lives: readonly string[]
  /** Lives of which something was lost, and for which all replicas have been quarantined. */
  readonly atoned: readonly string[]
  /** The last block of the journal that the present start has found. */
  readonly recovered: number
}

/** The memory of another broker about it (`Witness` on the wire). */
export interface Memory {
  readonly directoryId: string
  /** The newest life that it knows. */
  readonly life: string
  /** A block of the journal that was durable in that life, as far as it was told. */
  readonly durable: number
}

/**
 * The loss of a data folder compared with a life that others remember, or null when nothing is missing. A folder that
 * was put back from an older copy does not know of lives that came after the copy. One that has lost the end of its
 * journal knows of the life, and has found less than was durable in it.
 */
export function lossOf(told: LivesTold, memory: Memory): string | null {
  const { lives, atoned, recovered } = told
  const { life, durable } = memory
  // Another folder: nothing of this one is known. A wiped disk is another broker (formation.ts).
  if (memory.directoryId !== told.directoryId || life === '' || atoned.includes(life)) return null
  if (!lives.includes(life))
    return 'the data folder is older than what other brokers remember: was it put back from a copy?'
  if (life !== lives.at(-1) && durable > recovered)
    return 'other brokers remember more of the journal than there is: the disk has lost writes that it had confirmed'
  return null
}
