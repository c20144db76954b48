/** A scenario has failed under a seed, and fails again whenever that seed is run. */
export class SimulationFailure extends Error {
  override readonly name = 'SimulationFailure'
  readonly seed: number
  /** The last faults, notes and lines of brokers' logs before it failed. */
  readonly story: readonly string[]

  constructor(seed: number, story: readonly string[], cause: unknown) {
    const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)
    super(`Seed ${seed} fails. ${reason}\n\nWhat happened before:\n  ${story.join('\n  ')}`, { cause })
    this.seed = seed
    this.story = story
  }
}
