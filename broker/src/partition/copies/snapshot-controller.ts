import type { BrokerId, GroupId, LogIndex } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { GroupLog } from '../../log/log-storage.ts'
import type { RaftCore } from '../../raft/core.ts'
import type { InstallRequest, Ready } from '../../raft/ready.ts'
import type { GroupSpec, MachineSnapshot, Retention, SegmentLimits, Snapshot, SnapshotPlace } from '../group.ts'
import { type CheckpointSchedule, checkpointOf, saveInSteps } from '../replica/state/checkpoint.ts'
import { DiskWait } from '../replica/state/disk-wait.ts'
import { dropInstallRecord } from '../replica/state/install-record.ts'
import { termAt } from '../replica/state/log-places.ts'
import type { PartitionState } from '../replica/state/partition-state.ts'
import type { CopyServices } from './copy-services.ts'
import type { CopiedReplica } from './copy-source.ts'
import { Installation } from './installation.ts'
import { holdsOnlyDeleted, mustSeal, retentionCut } from './retention.ts'
import { SnapshotPolicy } from './snapshot-policy.ts'

/** The replica's core, log and derived state, which an installation replaces. */
export interface CopiedDriver {
  readonly core: RaftCore
  readonly log: GroupLog
  readonly state: PartitionState
  replaced(log: GroupLog, state: PartitionState): void
}

export interface SnapshotControllerDeps extends CopyServices {
  readonly group: GroupId
  readonly core: RaftCore
  readonly replica: CopiedReplica
  readonly driver: CopiedDriver
  readonly spec: () => GroupSpec
  readonly schedule: CheckpointSchedule
  /** The core has a Ready. */
  readonly wake: () => void
  readonly broken: (error: unknown) => void
  /** The replica's derived state does not belong to its log. */
  readonly incomplete: () => boolean
}

/** A disk that is this far behind the commit index does not catch up soon. */
const DISK_MS = 10_000
const NO_RETENTION: Retention = { bytes: null, ms: null }
const NO_LIMITS: SegmentLimits = { bytes: null, ms: null }

/**
 * The state that covers a log's prefix, on one replica: cuts off entries that retention or a snapshot has made
 * superfluous, each replica for itself (M41, M45). Offers its state to followers that need entries that are gone (M46),
 * and puts another replica's in the place of its own (M48 to M53).
 */
export class SnapshotController {
  readonly #deps: SnapshotControllerDeps
  readonly #policy: SnapshotPolicy
  #installation: Installation | null = null
  #place: Snapshot | null = null
  readonly #disk: DiskWait
  #sealedAt: number
  #cutting: Promise<unknown> | null = null
  #stopped = false

  constructor(deps: SnapshotControllerDeps) {
    const { clock, settings } = deps
    this.#deps = deps
    this.#sealedAt = clock.monotonic()
    this.#disk = new DiskWait(clock, DISK_MS)
    const rules = { bytes: settings.snapshotBytes, ms: settings.snapshotMs, minGapMs: settings.snapshotGapMs }
    this.#policy = new SnapshotPolicy(rules, clock.monotonic())
  }

  /** The last one taken or installed here since the start. */
  get place(): Snapshot | null {
    return this.#place
  }

  get installation(): Installation | null {
    return this.#installation
  }

  /** Offers and installations that a Ready asks for. */
  asked(ready: Ready): void {
    for (const { to } of ready.offers) void this.#offer(to)
    if (ready.install !== null) void this.#install(ready.install)
  }

  appended(bytes: number): void {
    this.#policy.committed(bytes)
  }

  /** Looks whether entries may be cut off. */
  tick(): void {
    if (this.#mustRest || this.#cutting !== null) return
    void this.#oneAtATime(() => this.#review()).catch((error: unknown) => {
      this.#deps.logger.warn({ group: this.#deps.group, err: error }, 'the start of a log could not be cut off')
    })
  }

  /** See Group.takeSnapshot. */
  take(): Promise<Snapshot> {
    if (this.#mustRest) return Promise.reject(new TailraceError('NOT_READY', 'The replica is not whole.'))
    return this.#oneAtATime(() => (this.#machine === null ? this.#saveState() : this.#snapshotMachine()))
  }

  /**
   * Cuts off as much of the log as the state machine covers; without one, whole segments that end below `before`, since
   * no other replica has them any more.
   */
  async cutStart(before: LogIndex): Promise<void> {
    if (this.#mustRest) return
    if (this.#machine?.snapshots !== undefined) await this.take()
    if (this.#machine !== null || before <= this.#deps.driver.log.firstIndex) return
    await this.#oneAtATime(async () => {
      await this.#deps.driver.log.seal()
      await this.#cut(Math.min(before, (await this.#savedState()) + 1))
    })
  }

  /**
   * Another replica's snapshot is offered to this one, which has all of it already: it allows to cut off the log before
   * it (M84).
   */
  offered(lastIndex: LogIndex): void {
    if (this.#machine === null || this.#mustRest || lastIndex > this.#deps.driver.state.commitIndex) return
    if (lastIndex <= this.#deps.driver.log.prevIndex) return
    void this.#oneAtATime(() => this.#cutMachine(lastIndex)).catch((error: unknown) => {
      this.#deps.logger.warn({ group: this.#deps.group, err: error }, 'the start of a log could not be cut off')
    })
  }

  /** More of the log is durable. */
  persisted(): void {
    this.#disk.look()
  }

  stop(): void {
    this.#stopped = true
    this.#disk.giveUp()
    this.#installation?.stop()
  }

  get #machine(): GroupSpec['stateMachine'] {
    return this.#deps.spec().stateMachine
  }

  /** Nothing may be cut off while the log is about to be replaced, or is known to have lost entries. */
  get #mustRest(): boolean {
    return this.#stopped || this.#deps.incomplete() || this.#deps.driver.log.damage !== null
  }

  async #review(): Promise<void> {
    if (this.#machine !== null) {
      if (this.#machine.snapshots !== undefined && this.#policy.due(this.#deps.clock.monotonic())) {
        await this.#snapshotMachine()
      }
      return
    }
    await this.#cutByRetention()
  }

  async #cutByRetention(): Promise<void> {
    const { driver, clock, spec } = this.#deps
    const { retention = NO_RETENTION, segments: limits = NO_LIMITS } = spec()
    const { log, core, state } = driver
    log.limitSegments(limits.bytes)
    const { deletedBefore } = state
    const isCut = deletedBefore > log.startOffset
    if (retention.bytes === null && retention.ms === null && limits.ms === null && !isCut) return
    const view = () => ({
      segments: log.segmentStarts(),
      sizeBytes: log.sizeBytes,
      settledIndex: Math.min(state.commitIndex, core.durableIndex),
      now: clock.now(),
      deletedBefore,
    })
    const monotonic = clock.monotonic()
    if (holdsOnlyDeleted(view()) || mustSeal(retention, limits, view(), log.lastIndex, monotonic - this.#sealedAt)) {
      this.#sealedAt = monotonic
      await log.seal()
    }
    const before = retentionCut(retention, view())
    if (before === null) return
    await this.#cut(Math.min(before, (await this.#savedState()) + 1))
  }

  /**
   * How far a state that is durable reaches. On a full disk the log may stay behind the commit index: then the last
   * state that was saved must be enough.
   */
  async #savedState(): Promise<LogIndex> {
    const { driver, storage, store, schedule } = this.#deps
    if (!storage.cramped || driver.core.durableIndex >= driver.state.commitIndex) return (await this.#saveState()).index
    const { index } = schedule
    await store.flush()
    return index
  }

  /** The present derived state, durable: it covers the entries that a cut removes. */
  async #saveState(): Promise<Snapshot> {
    const { driver, schedule, store, group } = this.#deps
    const { state, log, core } = driver
    const index = state.commitIndex
    const checkpoint = checkpointOf(state)
    let stateBytes = 0
    // A state ahead of its own log could not be resumed from; under load the disk is always a little behind (M92).
    await schedule.save(state, async (isLatest) => {
      const isWhole = (): boolean => !this.#mustRest && log === driver.log
      await this.#disk.until(() => core.durableIndex >= index)
      const saved = isWhole() ? await saveInSteps(this.#deps, group, checkpoint, () => isLatest() && isWhole()) : null
      if (saved === null) throw new TailraceError('NOT_READY', 'The replica is not whole.')
      stateBytes = saved
    })
    await store.flush()
    return this.#taken({ index, term: termAt(log, index) }, stateBytes + log.sizeBytes)
  }

  async #snapshotMachine(): Promise<Snapshot> {
    const { driver } = this.#deps
    const snapshots = this.#machine?.snapshots
    if (snapshots === undefined) throw new TailraceError('NOT_READY', 'It takes no snapshots.')
    this.#policy.taken(this.#deps.clock.monotonic())
    const index = this.#reached(await snapshots.flush())
    const place = { index, term: termAt(driver.log, index) }
    await this.#cutMachine(index)
    return this.#taken(place, await sizeOf(await snapshots.take()))
  }

  /**
   * A machine may be ahead of its log, where that has lost entries: then it covers only the entries that the log is
   * known to have again.
   */
  #reached(applied: LogIndex): LogIndex {
    const { core, state } = this.#deps.driver
    return Math.min(applied, core.durableIndex, state.commitIndex)
  }

  async #cutMachine(lastIndex: LogIndex): Promise<void> {
    const { driver } = this.#deps
    const flushed = await this.#machine?.snapshots?.flush()
    const last = Math.min(lastIndex, this.#reached(flushed ?? 0))
    if (last <= driver.log.prevIndex) return
    await driver.log.seal()
    await this.#cut(last + 1)
  }

  async #cut(before: LogIndex): Promise<void> {
    const { driver, metrics, logger, group } = this.#deps
    const { log, core } = driver
    if (this.#mustRest || log !== driver.log) return
    const from = log.prevIndex
    await log.cutPrefix(before)
    if (log.prevIndex === from || this.#stopped || log !== driver.log) return
    core.compacted(log.prevIndex, log.prevTerm)
    metrics.prefixCuts += 1
    logger.info({ group, prevIndex: log.prevIndex, startOffset: log.startOffset }, 'the start of a log was cut off')
  }

  #taken(place: SnapshotPlace, bytes: number): Snapshot {
    const taken = { ...place, at: this.#deps.clock.now(), bytes }
    this.#place = taken
    this.#deps.metrics.snapshotsTaken += 1
    return taken
  }

  async #offer(to: BrokerId): Promise<void> {
    const { source, replica, driver, logger, group, wake, metrics } = this.#deps
    if (this.#mustRest) return
    try {
      const { index, term } = await source.offer(replica)
      if (this.#stopped || this.#installation !== null) return
      if (driver.core.offerSnapshot(to, index, term, driver.core.id)) metrics.snapshotsOffered += 1
      wake()
    } catch (error) {
      // The core asks again.
      logger.warn({ group, to, err: error }, 'a copy of the replica could not be made')
    }
  }

  async #install(request: InstallRequest): Promise<void> {
    const { driver, wake, source, group, schedule, metrics, logger, store, clock, storage } = this.#deps
    await this.#cutting?.catch(() => undefined)
    if (!storage.writable && this.#machine === null) {
      // The core asks again.
      driver.core.installFailed()
      wake()
      return
    }
    const installation = new Installation(this.#deps, request)
    this.#installation = installation
    try {
      const { log, state } = await this.#inTurn(() => installation.run())
      this.#installation = null
      if (this.#stopped) return
      source.forget(group)
      schedule.replaced(state)
      const place = { index: log.lastIndex, term: termAt(log, log.lastIndex) }
      this.#place = { ...place, at: clock.now(), bytes: installation.progress.receivedBytes }
      metrics.snapshotsInstalled += 1
      driver.replaced(log, state)
      // The record is kept until here for a crash in between; if it stays, the next start finds that the log fits it.
      void dropInstallRecord(store, group).catch(() => undefined)
    } catch (error) {
      this.#installation = null
      if (this.#stopped) return
      logger.warn({ group, source: request.source, err: error }, 'a copy of the replica could not be fetched')
      driver.core.installFailed()
      wake()
    }
  }

  /**
   * Each has a file and a piece of it in memory, and is verified as a whole at its end: not all groups of a broker at
   * one time.
   */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#machine === null ? this.#deps.turns.take(work) : work()
  }

  /** Two cuts at one time would each rely on the checkpoint of the other. */
  #oneAtATime<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = (this.#cutting ?? Promise.resolve()).catch(() => undefined).then(work)
    this.#cutting = turn
    return turn.finally(() => {
      if (this.#cutting === turn) this.#cutting = null
    })
  }
}

async function sizeOf(snapshot: MachineSnapshot): Promise<number> {
  let bytes = 0
  try {
    for await (const chunk of snapshot.chunks()) bytes += chunk.length
  } finally {
    await snapshot.close()
  }
  return bytes
}
