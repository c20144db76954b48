import type { StateStore } from '../../log/log-storage.ts'
import type { Crc32c } from '../../platform/checksum.ts'
import type { Logger } from '../../platform/logger.ts'
import type { Replica } from '../replica/replica.ts'
import { checkpointOf, saveCheckpoint } from '../replica/state/checkpoint.ts'

/** Saves the derived states of replicas, so that a restart reads little of their logs. */
export class Checkpoints {
  readonly #store: StateStore
  readonly #crc32c: Crc32c
  readonly #logger: Logger

  constructor(store: StateStore, crc32c: Crc32c, logger: Logger) {
    this.#store = store
    this.#crc32c = crc32c
    this.#logger = logger
  }

  /** Each tick. */
  saveIfDue(replica: Replica): void {
    const { state, core, stopped } = replica.driver
    if (!stopped && !replica.incomplete && replica.schedule.due(state, core.durableIndex)) void this.#save(replica)
  }

  /** Stops each replica, and saves what has changed since its last checkpoint and is durable. */
  async closeAll(replicas: Iterable<Replica>): Promise<void> {
    for (const replica of replicas) {
      const { state, core, stopped } = replica.driver
      const installing = replica.incomplete
      replica.stop('closing')
      if (stopped || installing || !replica.schedule.changed(state) || state.commitIndex > core.durableIndex) continue
      await this.#save(replica)
    }
  }

  /** Never rejects: without it a restart reads more, and nothing else. */
  #save(replica: Replica): Promise<void> {
    const { state } = replica.driver
    return replica.schedule
      .save(state, () => saveCheckpoint(this.#store, replica.id, checkpointOf(state), this.#crc32c))
      .catch((error: unknown) =>
        this.#logger.warn({ group: replica.id, err: error }, 'a checkpoint could not be saved'),
      )
  }
}
