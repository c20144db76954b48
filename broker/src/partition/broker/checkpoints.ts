import type { Logger } from '../../platform/logger.ts'
import type { Replica } from '../replica/replica.ts'
import { type CheckpointServices, checkpointOf, saveCheckpoint, saveInSteps } from '../replica/state/checkpoint.ts'
import type { Checkpoint } from '../replica/state/checkpoint-codec.ts'

/** Saves the derived states of replicas, so that a restart reads little of their logs. */
export class Checkpoints {
  readonly #services: CheckpointServices
  readonly #logger: Logger

  constructor(services: CheckpointServices, logger: Logger) {
    this.#services = services
    this.#logger = logger
  }

  /** Each tick. */
  saveIfDue(replica: Replica): void {
    const { state, core, stopped } = replica.driver
    if (stopped || replica.incomplete || !replica.schedule.due(state, core.durableIndex)) return
    const isWhole = (): boolean => !replica.driver.stopped && !replica.incomplete
    void this.#save(replica, (checkpoint, isLatest) =>
      saveInSteps(this.#services, replica.id, checkpoint, () => isLatest() && isWhole()),
    )
  }

  /** Stops each replica, and saves what has changed since its last checkpoint and is durable. */
  async closeAll(replicas: Iterable<Replica>): Promise<void> {
    for (const replica of replicas) {
      const { state, core, stopped } = replica.driver
      const installing = replica.incomplete
      replica.stop('closing')
      if (stopped || installing || !replica.schedule.changed(state) || state.commitIndex > core.durableIndex) continue
      const { store, crc32c } = this.#services
      await this.#save(replica, (checkpoint) => saveCheckpoint(store, replica.id, checkpoint, crc32c))
    }
  }

  /** Never rejects: without it a restart reads more, and nothing else. */
  #save(
    replica: Replica,
    save: (checkpoint: Checkpoint, isLatest: () => boolean) => Promise<number | null>,
  ): Promise<void> {
    const { state } = replica.driver
    return replica.schedule
      .save(state, (isLatest) => save(checkpointOf(state), isLatest))
      .catch((error: unknown) =>
        this.#logger.warn({ group: replica.id, err: error }, 'a checkpoint could not be saved'),
      )
  }
}
