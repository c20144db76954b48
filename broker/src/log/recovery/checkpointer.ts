import type { Crc32c } from '../../platform/checksum.ts'
import type { Disk } from '../../platform/disk.ts'
import type { StoredGroupLog } from '../group-log.ts'
import type { Journal, JournalPlace } from '../journal/journal.ts'
import { journalFailed } from '../journal/journal-failed.ts'
import type { Rounds } from '../rounds.ts'
import { describeState, type GroupCheckpoint, writeCheckpoint } from './checkpoint.ts'

export interface CheckpointerDeps {
  readonly disk: Disk
  readonly crc32c: Crc32c
  readonly folder: string
  readonly journal: Journal
  readonly rounds: Rounds
  /** Every log whose removal is not durable yet. */
  logs(): Iterable<StoredGroupLog>
  nextIncarnation(): number
  mayHaveForgotten(): boolean
  retryFull<Result>(work: () => Promise<Result>): Promise<Result>
  onFailure(error: Error): void
}

/**
 * A group's state at one place of the journal, and how many operations its segments must have carried out to hold all
 * its entries.
 */
interface Captured {
  readonly log: StoredGroupLog
  readonly ops: number
  readonly version: number
  readonly record: Omit<GroupCheckpoint, 'segments'>
}

interface Capture {
  readonly place: JournalPlace
  readonly files: readonly string[]
  readonly captured: readonly Captured[]
  readonly nextIncarnation: number
  readonly mayHaveForgotten: boolean
}

/**
 * Makes checkpoints: notes the groups' states at a boundary between rounds, brings the segments up to them, syncs
 * these, writes the checkpoint, and releases the journal files that end before it. Rounds go on meanwhile: their
 * records stand in the journal after the checkpoint's place.
 */
export class Checkpointer {
  readonly #deps: CheckpointerDeps
  /** The last checkpoint of a log, and the log's version then: most groups of a broker do not change. */
  #known = new Map<StoredGroupLog, { version: number; record: GroupCheckpoint }>()
  #generation: number
  #running: Promise<void> | null = null
  #again = false
  #stopped = false

  constructor(deps: CheckpointerDeps, generation: number) {
    this.#deps = deps
    this.#generation = generation
  }

  /**
   * Makes a checkpoint soon, after one that is being made, since that one may end before the place that the caller
   * needs.
   */
  request(): void {
    if (this.#stopped) return
    if (this.#running !== null) {
      this.#again = true
      return
    }
    this.#running = this.#run()
      .catch((error) => this.#deps.onFailure(error as Error))
      .finally(() => {
        this.#running = null
        if (!this.#again) return
        this.#again = false
        this.request()
      })
  }

  /** Resolves when a checkpoint that was begun after this call is durable; with false when there will be none. */
  async make(): Promise<boolean> {
    if (this.#stopped) return false
    const atOnce = this.#running === null
    this.request()
    await this.#running
    // `request` has begun the next one by then.
    if (!atOnce) await this.#running
    return !this.#stopped && !this.#deps.rounds.failed
  }

  /** The last checkpoint, with everything in it. Nothing may be written any more. */
  async finish(): Promise<void> {
    await this.stop()
    await this.#write(true)
  }

  /** No more checkpoints; resolves when the one that is being made has ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  async #run(): Promise<void> {
    if (!this.#deps.rounds.failed) await this.#write(false)
  }

  async #write(last: boolean): Promise<void> {
    const { disk, crc32c, folder, journal, retryFull } = this.#deps
    const { place, files, captured, nextIncarnation, mayHaveForgotten } = await this.#capture()
    const groups: GroupCheckpoint[] = []
    const known = new Map<StoredGroupLog, { version: number; record: GroupCheckpoint }>()
    for (const { log, ops, version, record } of captured) {
      const before = this.#known.get(log)
      let whole = before?.record
      if (whole === undefined || before?.version !== version || last) {
        await log.segments.flush(ops)
        whole = { ...record, segments: await retryFull(() => log.segments.checkpoint(last)) }
      }
      groups.push(whole)
      known.set(log, { version, record: whole })
    }
    const forgotten = mayHaveForgotten ? { mayHaveForgotten } : {}
    const checkpoint = { generation: this.#generation + 1, place, nextIncarnation, ...forgotten, files, groups }
    await retryFull(() => writeCheckpoint(disk, folder, checkpoint, crc32c))
    this.#generation++
    this.#known = known
    journal.release(place.sequence)
  }

  #capture(): Promise<Capture> {
    return new Promise((resolve, reject) => {
      this.#deps.rounds.atBoundary((failed) => {
        if (failed) return reject(journalFailed())
        const captured: Captured[] = []
        for (const log of this.#deps.logs()) if (log.pending.announced) captured.push(capture(log))
        const [nextIncarnation, mayHaveForgotten] = [this.#deps.nextIncarnation(), this.#deps.mayHaveForgotten()]
        const { place, fileNames: files } = this.#deps.journal
        resolve({ place, files, captured, nextIncarnation, mayHaveForgotten })
      })
    })
  }
}

function capture(log: StoredGroupLog): Captured {
  const { pending, group, damage } = log
  const { counter, incarnation, staged } = pending
  return {
    log,
    ops: pending.stagedOps,
    version: counter,
    record: { group, incarnation, counter, damage, ...describeState(staged) },
  }
}
