import type { BrokerId, GroupId, LogIndex } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { CorruptRange, GroupLog } from '../../log/log-storage.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { RaftCore } from '../../raft/core.ts'
import { members } from '../../raft/members/quorum.ts'
import type { PartitionMetrics } from '../metrics.ts'
import type { Peers } from '../peers.ts'
import { termAt } from '../replica/state/log-places.ts'

export interface RepairControllerDeps {
  readonly group: GroupId
  readonly core: RaftCore
  readonly log: () => GroupLog
  readonly peers: Pick<Peers, 'request'>
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Pick<PartitionMetrics, 'repairedEntries'>
  readonly commitIndex: () => LogIndex
  /**
   * Gives up leadership and every promise made on this log: the leader that the others elect replaces the entries that
   * no voter has.
   */
  distrust(reason: string): void
}

/** Another replica's answer about its log. `holds`: it has the entry that was asked for, even if it cannot give it. */
interface Answer {
  readonly peer: BrokerId
  readonly start: LogIndex
  readonly endsBefore: boolean
  readonly holds: boolean
}

const REPLY_MS = 5000
const READ_BYTES = 4 << 20
/** Between two attempts to get entries that no replica could give. */
const RETRY_MS = 5000

/**
 * Replaces entries that a disk does not return as they were written by those of a replica that has them. They are
 * committed, and their terms are known here, so a replica that has an entry of that index and term has that very entry.
 * Until then they are not served.
 */
export class RepairController {
  readonly #deps: RepairControllerDeps
  readonly #cutStart: (before: LogIndex) => Promise<void>
  #running: Promise<void> | null = null
  #retryAt = 0
  #verifying: Promise<void> | null = null
  #verifyAt = 0
  #stopped = false

  /**
   * `cutStart` cuts off the start of the log: as much as a state covers, and without a state machine no entry from
   * `before` on.
   */
  constructor(deps: RepairControllerDeps, cutStart: (before: LogIndex) => Promise<void>) {
    this.#deps = deps
    this.#cutStart = cutStart
  }

  /** Begins to replace entries that have been found since, if there are any. */
  tick(): void {
    const { clock, log } = this.#deps
    if (this.#stopped || this.#running !== null || clock.monotonic() < this.#retryAt) return
    if (log().corruptRanges().length > 0) void this.repair()
  }

  /**
   * Resolves when all entries known to be rotten have been replaced, or no replica can help at present. Never rejects.
   */
  repair(): Promise<void> {
    if (this.#stopped) return Promise.resolve()
    this.#running ??= this.#repairAll().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  /**
   * Reads all segments, and replaces rotten entries: the receiver of a copy got other bytes than the source described.
   * Resolves when that is done, as far as possible. Runs at most once every so many seconds, however many receivers
   * complain: it reads much. Never rejects.
   */
  verify(): Promise<void> {
    const { clock } = this.#deps
    if (this.#stopped) return Promise.resolve()
    if (this.#verifying === null && clock.monotonic() < this.#verifyAt) return this.repair()
    this.#verifying ??= this.#verifyAll().finally(() => {
      this.#verifying = null
      this.#verifyAt = clock.monotonic() + RETRY_MS
    })
    return this.#verifying
  }

  stop(): void {
    this.#stopped = true
  }

  async #verifyAll(): Promise<void> {
    const { logger, group } = this.#deps
    const log = this.#deps.log()
    try {
      // A scrub does not verify the growing segment.
      await log.seal()
      // From the place where the last scrub stopped to the end, and once from the start.
      for (let ends = 0; ends < 2 && !this.#stopped && log === this.#deps.log(); ) {
        const { ended } = await log.scrub(READ_BYTES)
        if (ended) ends += 1
      }
    } catch (error) {
      logger.warn({ group, err: error }, 'segments could not be verified')
    }
    await this.repair()
  }

  async #repairAll(): Promise<void> {
    const { log, clock, logger, group } = this.#deps
    for (let ranges = log().corruptRanges(); ranges.length > 0; ranges = log().corruptRanges()) {
      if (this.#stopped) return
      const answers: Answer[] = []
      if (await this.#repairRange(ranges[0]!, answers)) continue
      if (await this.#isCutOff(ranges[0]!, answers)) continue
      this.#giveUpAlone(ranges[0]!, answers)
      this.#retryAt = clock.monotonic() + RETRY_MS
      logger.error(
        { group, ...ranges[0] },
        'entries on the disk are damaged, and no other replica gives them; trying again',
      )
      return
    }
  }

  /** Whether some of it could be replaced. `answers` gets one of each replica that has answered. */
  async #repairRange(range: CorruptRange, answers: Answer[]): Promise<boolean> {
    const { logger, group } = this.#deps
    for (const peer of this.#others()) {
      try {
        const count = await this.#replaceFrom(peer, range, answers)
        if (count === 0) continue
        logger.warn(
          { group, from: range.from, count, peer },
          'damaged entries were replaced by those of another replica',
        )
        return true
      } catch (error) {
        logger.info({ group, peer, err: error }, 'a replica could not give damaged entries again')
      }
    }
    return false
  }

  /**
   * The others may have cut off the entries that are rotten here: then no replica can ever give them, and sound entries
   * after them are not found. Where the logs of the others begin in the midst of a segment of this replica, that
   * segment is split there first.
   */
  async #isCutOff({ from, to }: CorruptRange, answers: readonly Answer[]): Promise<boolean> {
    const { log, logger, group } = this.#deps
    // A replica whose log ends before the range waits for these entries itself.
    const known = answers.filter(({ endsBefore }) => !endsBefore).map(({ start }) => start)
    // A replica that has not answered may have them.
    const before = answers.length < this.#others().length || known.length === 0 ? 0 : Math.min(...known)
    try {
      await this.#cutStart(before)
      if (before > from && from > log().prevIndex) {
        const first = Math.min(before, to + 1)
        await log().splitBefore(first, await this.#fetch(first, to, answers))
        await this.#cutStart(first)
      }
    } catch (error) {
      logger.info({ group, err: error }, 'damaged entries cannot be cut off yet')
    }
    return from <= log().prevIndex
  }

  /**
   * The batches of the entries `first` to `last`, from one of the replicas whose logs begin there; none where the range
   * is empty.
   */
  async #fetch(first: LogIndex, last: LogIndex, answers: readonly Answer[]): Promise<Uint8Array[]> {
    const payloads: Uint8Array[] = []
    const source = answers.find(({ start }) => start === first)
    while (source !== undefined && first + payloads.length <= last) {
      const given = await this.#ask(source.peer, first + payloads.length, last)
      if (given.payloads.length === 0) throw new TailraceError('NOT_READY', 'No replica gives the entries after them.')
      payloads.push(...given.payloads)
    }
    return payloads
  }

  /**
   * A leader whose own entry has rotted before it was committed, and which no other voter has, could neither send it
   * nor continue without it. That entry is no loss: it was never acknowledged. While a voter does not answer, that
   * voter may have acknowledged it.
   */
  #giveUpAlone({ from }: CorruptRange, answers: readonly Answer[]): void {
    const { core, commitIndex, distrust } = this.#deps
    if (this.#stopped || core.role !== 'leader' || from <= commitIndex()) return
    const lacks = (voter: BrokerId): boolean => answers.some(({ peer, holds }) => peer === voter && !holds)
    const { voters, outgoing } = core.configuration
    if (![...voters, ...outgoing].every((voter) => voter === core.id || lacks(voter))) return
    distrust(`entry ${from} cannot be read, is not known to be committed, and no other voter has it`)
  }

  async #replaceFrom(
    peer: BrokerId,
    { from: firstIndex, to: lastIndex }: CorruptRange,
    answers: Answer[],
  ): Promise<number> {
    const { answer, payloads } = await this.#ask(peer, firstIndex, lastIndex)
    answers.push(answer)
    if (payloads.length === 0) return 0
    await this.#deps.log().replaceCorrupt(firstIndex, firstIndex + payloads.length - 1, payloads)
    this.#deps.metrics.repairedEntries += payloads.length
    return payloads.length
  }

  /** The peer's answer about its log, with the batches that it has of these entries, from the first on. */
  async #ask(peer: BrokerId, firstIndex: LogIndex, lastIndex: LogIndex) {
    const { group, peers } = this.#deps
    const fields = { group, firstIndex, lastIndex, maxBytes: READ_BYTES }
    const { fields: reply, body } = await peers.request(peer, 'ReadEntries', fields, [], REPLY_MS)
    const { logStart: start, logEnd, entries } = reply
    const log = this.#deps.log()
    const endsBefore = start > 0 && logEnd < firstIndex
    const holds = !endsBefore && (entries.length === 0 || entries[0]!.term === termAt(log, firstIndex))
    const answer: Answer = { peer, start, endsBefore, holds }
    const payloads: Uint8Array[] = []
    let at = 0
    for (const { term, bytes } of entries) {
      if (term !== termAt(log, firstIndex + payloads.length)) break
      payloads.push(body.slice(at, at + bytes))
      at += bytes
    }
    if (at > body.length) throw new TailraceError('MALFORMED_FRAME', 'The batches are shorter than was said.')
    return { answer, payloads }
  }

  /** The leader first: it has everything. */
  #others(): BrokerId[] {
    const { core } = this.#deps
    const others = members(core.configuration).filter((id) => id !== core.id)
    return others.sort((a, b) => Number(b === core.leader) - Number(a === core.leader))
  }
}
