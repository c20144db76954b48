import type { GroupId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { Clock } from '../../platform/clock.ts'
import type { CommittedLog, CommittedLogs } from '../committed-logs.ts'
import { noLogCounts } from '../log-counts.ts'
import type { LogDescription, LogFile, LogMetrics, LogUsage } from '../log-storage.ts'
import { MemoryLog, type MemoryLogHost } from './memory-log.ts'

/** What goes at once when the bound is reached, as a part of it: else each write would drop something. */
const SLACK = 1 / 32

/**
 * Logs of committed records in memory, all together within a bound: beyond it the oldest pieces of those logs go that
 * hold more than others, so that a partition with much traffic does not take the place of all others. Nothing is left
 * after the process.
 */
export class MemoryLogs implements CommittedLogs {
  onDurable: (group: GroupId, ticket: number) => void = () => {}
  readonly writable = true
  readonly cramped = false
  readonly metrics: LogMetrics = noLogCounts()
  readonly #clock: Clock
  readonly #limit: number
  readonly #host: MemoryLogHost
  readonly #logs = new Map<GroupId, MemoryLog>()
  /** Tickets that are to be told. */
  #written = new Map<MemoryLog, number>()
  #bytes = 0
  #isClosed = false

  /** @param limit bytes of batches, with what they cost beside their bytes */
  constructor(clock: Clock, limit: number) {
    this.#clock = clock
    this.#limit = limit
    this.#host = {
      now: () => clock.now(),
      grew: (bytes) => {
        this.#bytes += bytes
        this.metrics.tailBytes = this.#bytes
      },
      shrink: () => this.#shrink(),
      written: (log, ticket) => this.#onWritten(log, ticket),
    }
  }

  get usage(): LogUsage {
    let segments = 0
    for (const { pieces } of this.#logs.values()) segments += pieces
    const freeBytes = Math.max(0, this.#limit - this.#bytes)
    const onDisk = { journalFiles: 0, diskBytes: 0, reserveBytes: 0, journalMemory: 0, segmentMemory: 0 }
    return { ...onDisk, segments, freeBytes, secondsUntilFull: Number.POSITIVE_INFINITY }
  }

  groups(): Iterable<CommittedLog> {
    return this.#logs.values()
  }

  group(id: GroupId): CommittedLog | undefined {
    return this.#logs.get(id)
  }

  create(id: GroupId): CommittedLog {
    if (this.#logs.has(id)) throw new RangeError(`there is a group ${id}`)
    return this.#begin(id, null)
  }

  async beginInstall(id: GroupId, description: LogDescription, files: readonly LogFile[]) {
    if (files.length > 0) throw new RangeError('a log in memory begins empty')
    const before = this.#logs.get(id)
    if (before === undefined) throw new RangeError(`there is no group ${id}`)
    return {
      finish: async (): Promise<CommittedLog> => {
        this.#end(before)
        return this.#begin(id, description)
      },
    }
  }

  async remove(id: GroupId): Promise<void> {
    const log = this.#logs.get(id)
    if (log === undefined) return
    this.#logs.delete(id)
    this.#end(log)
  }

  async close(): Promise<void> {
    this.#isClosed = true
  }

  #begin(id: GroupId, start: LogDescription | null): MemoryLog {
    const log = new MemoryLog(id, this.#host, start)
    this.#logs.set(id, log)
    return log
  }

  #end(log: MemoryLog): void {
    log.end()
    this.#written.delete(log)
  }

  #onWritten(log: MemoryLog, ticket: number): void {
    if (this.#isClosed) throw new TailraceError('SHUTTING_DOWN')
    if (this.#written.size === 0) this.#clock.soon(() => this.#tell())
    this.#written.set(log, ticket)
  }

  #tell(): void {
    const written = this.#written
    this.#written = new Map()
    this.metrics.rounds++
    for (const [log, ticket] of written) this.onDurable(log.group, ticket)
  }

  /** No log keeps more than a level at which all of them together fit. */
  #shrink(): void {
    if (this.#bytes <= this.#limit) return
    const logs = [...this.#logs.values()].sort((a, b) => a.memoryBytes - b.memoryBytes)
    let left = this.#limit * (1 - SLACK)
    for (const [at, log] of logs.entries()) {
      const level = left / (logs.length - at)
      log.shrinkTo(level)
      left -= log.memoryBytes
    }
  }
}
