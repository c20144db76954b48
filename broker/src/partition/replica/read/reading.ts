import type { GroupId, Offset, Position, Timestamp } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { RecordRun } from '../../../log/log-storage.ts'
import type { FetchRequest, FetchResult, OffsetResult, ReadToken } from '../../requests.ts'
import type { GroupDriver } from '../driver.ts'
import type { ReplicaServices } from '../replica-services.ts'
import { NO_FENCE } from '../state/fence.ts'
import { ReadGate } from './read-gate.ts'
import { firstOffsetAt } from './time-seek.ts'
import { WaitingReaders } from './waiting-readers.ts'

export interface ReadingDeps {
  readonly driver: GroupDriver
  readonly services: ReplicaServices
  readonly replica: {
    readonly id: GroupId
    readonly isLeader: boolean
    readonly highWatermark: Offset
    readonly logStart: Offset
  }
  readonly wake: () => void
  /** Feeds all replicas the ticks that are due. */
  readonly catchUp: () => void
  readonly notLeader: () => TailraceError
  /** @throws TailraceError when the replica has stopped */
  readonly checkRunning: () => void
  /** Fetches entries that the disk has lost from another replica. */
  readonly repair: () => Promise<void>
}

/** The committed records, for readers of one replica: see Group for the rules. */
export class Reading {
  readonly #deps: ReadingDeps
  readonly #readers: WaitingReaders
  readonly #gate: ReadGate

  constructor(deps: ReadingDeps) {
    this.#deps = deps
    const { services, driver, wake, catchUp, notLeader } = deps
    const { electionTimeoutMs: patienceMs, maxWaitingReaders: maxWaiting } = services.settings
    this.#readers = new WaitingReaders(services.clock, maxWaiting)
    this.#gate = new ReadGate({
      core: driver.core,
      clock: services.clock,
      patienceMs,
      maxWaiting,
      wake,
      catchUp,
      notLeader,
      checkRunning: deps.checkRunning,
      shown: () => driver.state,
    })
  }

  async fetch(request: FetchRequest): Promise<FetchResult> {
    const { services, replica, checkRunning, notLeader } = this.#deps
    checkRunning()
    const followed = services.readStages.follow()
    const atLeader = request.linearizable === true || (replica.isLeader && request.replica !== true)
    const waiting = atLeader ? this.#gate.pass(request.linearizable === true) : undefined
    if (waiting !== undefined) await waiting
    followed?.confirmed()
    if (request.token !== undefined) this.#commitToken(request.token)
    this.#checkOffset(request.offset)
    const led = replica.isLeader
    const deadline = services.clock.monotonic() + request.waitMs
    while (request.offset >= replica.highWatermark) {
      const left = deadline - services.clock.monotonic()
      if (left <= 0 || request.signal?.aborted)
        return this.#found({ batches: [], bytes: 0, nextOffset: request.offset })
      await this.#readers.wait(request.offset, left, request.signal)
      checkRunning()
      // A client that asked the leader wants the leader's answer: it looks for the new one.
      if (led && !replica.isLeader) throw notLeader()
      this.#checkOffset(request.offset)
    }
    followed?.begun()
    const run = await this.#readRecords(request)
    // Retention may have removed the batch while it was read: a later one would be taken for the one that was asked
    // for.
    this.#checkOffset(request.offset)
    if (run.batches.length > 0) followed?.found()
    return this.#found(run)
  }

  async findOffset(position: Position, linearizable: boolean): Promise<OffsetResult> {
    const { replica, checkRunning } = this.#deps
    checkRunning()
    const waiting = linearizable || replica.isLeader ? this.#gate.pass(linearizable) : undefined
    if (waiting !== undefined) await waiting
    const offset = await this.#offsetOf(position)
    const { settled: fence } = this.#deps.driver.state.fence
    const found = { offset, highWatermark: replica.highWatermark, logStart: replica.logStart }
    return fence === NO_FENCE ? found : { ...found, fence }
  }

  confirmed(linearizable: boolean): Promise<void> | undefined {
    this.#deps.checkRunning()
    return this.#gate.pass(linearizable)
  }

  /** The high watermark has moved. */
  advanced(): void {
    this.#readers.advanced(this.#deps.replica.highWatermark)
  }

  /** A condition that a read at the leader waits for may hold now. */
  review(): void {
    this.#gate.review()
  }

  /** Leadership is lost, or the replica stops: all waiting readers look again. */
  wakeAll(): void {
    this.#readers.wakeAll()
    this.#gate.wakeAll()
  }

  /** Entries that the disk has lost are fetched from another replica before a reader is told. */
  async #readRecords({ offset, maxBytes }: FetchRequest): Promise<RecordRun> {
    const { driver, replica, repair } = this.#deps
    const read = async (): Promise<RecordRun> => driver.log.readRecords(offset, replica.highWatermark, maxBytes)
    try {
      return await read()
    } catch (error) {
      if (!(error instanceof TailraceError && error.code === 'STORAGE_CORRUPT')) throw error
      await repair()
      return read()
    }
  }

  async #offsetOf(position: Position): Promise<Offset> {
    const { replica } = this.#deps
    switch (position.kind) {
      case 'EARLIEST':
        return replica.logStart
      case 'LATEST':
        return replica.highWatermark
      case 'OFFSET':
        this.#checkOffset(position.value)
        return position.value
      case 'TIME':
        return this.#offsetAt(position.value)
    }
  }

  async #offsetAt(time: Timestamp): Promise<Offset> {
    const { driver, replica } = this.#deps
    // The log may still have records that are deleted.
    const { logStart } = replica
    const base = await driver.log.offsetForTime(time, replica.highWatermark, logStart)
    if (base === null) return replica.highWatermark
    const { batches } = await this.#readRecords({ offset: base, maxBytes: 1, waitMs: 0 })
    return firstOffsetAt(batches[0], Math.max(base, logStart), time)
  }

  /** Past the end is an error only where the end is known: on a leader that has committed in its term. */
  #checkOffset(offset: Offset): void {
    const { driver, replica } = this.#deps
    const known = replica.isLeader && driver.core.commitIsCurrent
    if (offset < replica.logStart || (known && offset > driver.core.nextOffset)) {
      throw new TailraceError(
        'OFFSET_OUT_OF_RANGE',
        `Offset ${offset} is not between ${replica.logStart} and ${replica.highWatermark}.`,
      )
    }
  }

  /** M95: all up to the token's entry is committed here from now on, or this replica cannot answer. */
  #commitToken(token: ReadToken): void {
    const { driver, services, replica } = this.#deps
    const { metrics, seal } = services
    const { term, index } = token
    metrics.tokenReads += 1
    // Up to there the token commits nothing. Beyond, a forged token could commit an entry that is about to be replaced.
    if (index > driver.core.commitIndex && !seal.isGenuine(replica.id, token)) {
      metrics.tokensNotGenuine += 1
      throw new TailraceError('INVALID_REQUEST', 'token: this cluster has not given it out for this partition.')
    }
    if (driver.commitToken(term, index)) return
    metrics.tokenReadsRefused += 1
    throw new TailraceError('NOT_CAUGHT_UP')
  }

  #found({ batches, bytes, nextOffset }: Pick<FetchResult, 'batches' | 'bytes' | 'nextOffset'>): FetchResult {
    const { highWatermark, logStart } = this.#deps.replica
    return { batches, bytes, nextOffset, highWatermark, logStart }
  }
}
