import type { BrokerId, GroupId } from '@tailrace/schemas'
import type { GroupLog } from '../../log/log-storage.ts'
import type { RaftCore } from '../../raft/core.ts'
import { isAlone, members } from '../../raft/members/quorum.ts'
import { type Checkpoint, decodeCheckpoint } from '../replica/state/checkpoint-codec.ts'
import type { PartitionState } from '../replica/state/partition-state.ts'
import type { CopyServices } from './copy-services.ts'
import { CopyThrottle } from './copy-throttle.ts'
import { StateFetch } from './state-fetch.ts'

export interface ProducerRecoveryDeps extends CopyServices {
  readonly group: GroupId
  readonly core: RaftCore
  readonly state: () => PartitionState
  readonly log: () => GroupLog
  /** Sets the factor of the replica's timeouts. */
  readonly electionFactor: () => number
}

/** Attempts, one at each upkeep, before the producers are taken for lost. */
const ATTEMPTS = 100
/** Transfers the leadership to another voter first, if there is one. */
const HESITATION = 10

/**
 * Restores producers' sequences and the fence that this disk has lost: their checkpoint is damaged, and the entries
 * that it was made of are cut off. Another replica's are taken, as soon as they cover all entries of this log. Until
 * then this replica does not recognise every retry nor every stale fencing token, so it should not lead.
 */
export class ProducerRecovery {
  readonly #deps: ProducerRecoveryDeps
  #attempts = 0
  #running = false
  #done: boolean

  constructor(deps: ProducerRecoveryDeps, producersUnknown: boolean) {
    this.#deps = deps
    this.#done = !producersUnknown
    if (!producersUnknown) return
    deps.logger.error(
      { group: deps.group },
      'the sequences of producers cannot be read: other replicas are asked for them',
    )
    deps.core.setElectionFactor(HESITATION)
  }

  /** Whether retries from before the log's start cannot be told from new batches here. */
  get unknown(): boolean {
    return !this.#done
  }

  tick(): void {
    if (this.#done || this.#running) return
    const { core, logger, group } = this.#deps
    this.#attempts += 1
    if (isAlone(core.configuration, core.id) || this.#attempts > ATTEMPTS) {
      this.#done = true
      logger.error(
        { group },
        'no other replica knows the sequences of producers: retries of batches that were cut off look new',
      )
      return
    }
    this.#running = true
    void this.#ask().finally(() => {
      this.#running = false
    })
  }

  async #ask(): Promise<void> {
    const { core, logger, group } = this.#deps
    for (const peer of members(core.configuration)) {
      if (peer === core.id) continue
      try {
        const checkpoint = await this.#fetch(peer)
        if (!this.#deps.state().adopt(checkpoint)) continue
        this.#finish()
        logger.info(
          { group, peer, producers: checkpoint.producers.length },
          'the sequences of producers are known again',
        )
        return
      } catch (error) {
        logger.info({ group, peer, err: error }, 'a replica could not give its producers')
      }
    }
  }

  #finish(): void {
    this.#done = true
    this.#deps.core.setElectionFactor(this.#deps.electionFactor())
  }

  async #fetch(peer: BrokerId): Promise<Checkpoint> {
    const { settings, crc32c, clock } = this.#deps
    const { prevIndex: lastIndex, prevTerm: lastTerm } = this.#deps.log()
    const request = { from: peer, source: peer, lastIndex, lastTerm }
    const patienceMs = settings.electionTimeoutMs
    const throttle = new CopyThrottle(clock, 0)
    const fetch = new StateFetch({ ...this.#deps, throttle, chunkBytes: settings.copyChunkBytes, patienceMs }, request)
    try {
      const checkpoint = decodeCheckpoint(await fetch.derivedState(), crc32c)
      if (checkpoint === null) throw new Error('a damaged state')
      return checkpoint
    } finally {
      void fetch.close()
    }
  }
}
