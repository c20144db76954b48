import type { Client } from '@tailrace/client'
import { placeParts } from '#place-parts'
import type { KnownBrokers } from './known-brokers.ts'
import type { LevelRules } from './level-choice.ts'
import type { Levels } from './levels.ts'

/** The levels of each topic that a consumer reads; what chooses among their brokers is loaded with the first one. */
export class CascadeLevels {
  readonly #client: Client
  readonly #rules: LevelRules
  readonly #lookMs: number | undefined
  #known: KnownBrokers | undefined
  #isClosed = false

  /** `lookMs`: between two looks at the brokers. */
  constructor(client: Client, rules: LevelRules, lookMs: number | undefined) {
    this.#client = client
    this.#rules = rules
    this.#lookMs = lookMs
  }

  /** @throws TailraceError CODE_NOT_LOADED */
  async of(topic: string): Promise<Levels> {
    const { KnownBrokers, Levels } = await placeParts()
    this.#known ??= new KnownBrokers(this.#client, this.#lookMs)
    if (this.#isClosed) this.#known.close()
    return new Levels(this.#known, this.#rules, topic)
  }

  close(): void {
    this.#isClosed = true
    this.#known?.close()
  }
}
