import type { GroupId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { GroupLog, StateStore } from '../../log/log-storage.ts'
import type { InstallRequest } from '../../raft/ready.ts'
import type { GroupSpec, StateMachine } from '../group.ts'
import { saveCheckpoint } from '../replica/state/checkpoint.ts'
import { decodeCheckpoint } from '../replica/state/checkpoint-codec.ts'
import { dropInstallRecord, saveInstallRecord } from '../replica/state/install-record.ts'
import { PartitionState } from '../replica/state/partition-state.ts'
import type { CopyServices } from './copy-services.ts'
import { type FetchedState, StateFetch } from './state-fetch.ts'

export interface InstallationDeps extends CopyServices {
  readonly group: GroupId
  readonly spec: () => GroupSpec
}

export interface Installed {
  readonly log: GroupLog
  readonly state: PartitionState
}

/** How often segments whose bytes turn out to be wrong are fetched again. */
const ATTEMPTS = 3
/** Election timeouts without an answer of the source after which it is given up. */
const PATIENCE = 10

/**
 * Another replica's state and log in the place of this one's. The derived state is replaced first, with a record that
 * says so, and then, atomically, the log: after a crash in between, the state is ahead of the old log, which recovery
 * can handle (M49).
 */
export class Installation {
  readonly #deps: InstallationDeps
  readonly #request: InstallRequest
  readonly #fetch: StateFetch

  constructor(deps: InstallationDeps, request: InstallRequest) {
    const { settings } = deps
    this.#deps = deps
    this.#request = request
    const patienceMs = PATIENCE * settings.electionTimeoutMs
    this.#fetch = new StateFetch({ ...deps, chunkBytes: settings.copyChunkBytes, patienceMs }, request)
  }

  get progress(): { source: number; receivedBytes: number; totalBytes: number } {
    const { receivedBytes, totalBytes } = this.#fetch
    return { source: this.#request.source, receivedBytes, totalBytes }
  }

  stop(): void {
    this.#fetch.stop()
  }

  async run(): Promise<Installed> {
    try {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await this.#run()
        } catch (error) {
          const corrupt = error instanceof TailraceError && error.code === 'STORAGE_CORRUPT'
          if (!corrupt || attempt === ATTEMPTS) throw error
          this.#deps.logger.warn(
            { group: this.#deps.group, err: error },
            'a copied replica is damaged; it is fetched again',
          )
          await this.#fetch.complain()
        }
      }
    } finally {
      void this.#fetch.close()
    }
  }

  async #run(): Promise<Installed> {
    const { store, metrics } = this.#deps
    const fetched = await this.#fetch.segments()
    const { lastIndex, lastTerm } = fetched.manifest.description
    const machine = this.#deps.spec().stateMachine
    const state =
      machine === null
        ? await this.#adoptProducers(fetched, store)
        : await this.#restoreMachine(fetched, machine, { lastIndex, lastTerm })
    this.#fetch.checkGoing()
    metrics.copiedBytesIn += this.#fetch.receivedBytes
    // Nothing may be awaited from here on before the new log is in use: writes to the old one would be lost.
    return { log: await fetched.install.finish(), state }
  }

  async #adoptProducers({ manifest }: FetchedState, store: StateStore): Promise<PartitionState> {
    const { group, crc32c, settings } = this.#deps
    const { lastIndex, lastTerm, endOffset } = manifest.description
    const bytes = await this.#fetch.stateBytes(manifest.stateBytes ?? 0)
    const checkpoint = decodeCheckpoint(bytes, crc32c)
    if (checkpoint === null) throw new TailraceError('STORAGE_CORRUPT', 'The derived state is damaged.')
    if (checkpoint.commitIndex !== lastIndex || checkpoint.highWatermark !== endOffset)
      throw new TailraceError('STORAGE_CORRUPT', 'The derived state is not that of the copied log.')
    this.#fetch.checkGoing()
    await saveInstallRecord(store, group, { lastIndex, lastTerm })
    await saveCheckpoint(store, group, checkpoint, crc32c)
    await store.flush()
    const { commitIndex, highWatermark, producersIndex, producers, fence, deletedBefore } = checkpoint
    const state = new PartitionState(
      { commitIndex, highWatermark, producersIndex, fenceToken: fence, deletedBefore, commitTerm: lastTerm },
      null,
      settings.producerCapacity,
    )
    for (const [producerId, producer] of producers) state.producers.restore(producerId, producer)
    return state
  }

  async #restoreMachine(
    { manifest }: FetchedState,
    machine: StateMachine,
    place: { readonly lastIndex: number; readonly lastTerm: number },
  ): Promise<PartitionState> {
    const { group, store, settings } = this.#deps
    if (machine.snapshots === undefined) throw new TailraceError('INTERNAL', 'The state machine takes no snapshots.')
    await saveInstallRecord(store, group, place)
    await store.flush()
    try {
      await machine.snapshots.restore(place.lastIndex, this.#fetch.state())
    } catch (error) {
      // The old state is in place, and belongs to the old log.
      await dropInstallRecord(store, group)
      throw error
    }
    const { lastIndex: commitIndex, lastTerm: commitTerm } = place
    const start = { commitIndex, commitTerm, highWatermark: manifest.description.endOffset }
    return new PartitionState(start, machine, settings.producerCapacity)
  }
}
