import type { BrokerId, EntryHeader, LogIndex } from '@tailrace/schemas'
import { EntryKind } from '@tailrace/schemas'
import type { Configuration, ConfigurationHeader, IndexedConfiguration } from '../config.ts'
import { broken } from '../invariant.ts'
import { isNamed } from '../members/membership.ts'

/**
 * Which configuration governs at which index. A configuration is a log entry and governs from its append on (M68),
 * committed or not; it ceases when its entry is truncated (M71), and the latest one in the log governs from the start
 * on, not from an election on (M73).
 * 1. Indexes ascend strictly; the first one is the base, which no truncation reaches.
 * 2. After a compaction to prevIndex the base is the last configuration at or before prevIndex (M42).
 */
export class ConfigurationLog {
  #entries: IndexedConfiguration[]
  /** Under which identity this replica would take part. */
  readonly #id: BrokerId
  readonly #admission: number
  /** A configuration that was compacted away has named this replica. */
  #namedBefore = false
  readonly #survivesTruncation: boolean

  constructor(
    base: Configuration,
    found: readonly IndexedConfiguration[],
    id: BrokerId,
    admission: number,
    survivesTruncation: boolean,
  ) {
    this.#entries = [{ index: 0, configuration: base }, ...found]
    this.#id = id
    this.#admission = admission
    this.#survivesTruncation = survivesTruncation
    for (let i = 1; i < this.#entries.length; i++) {
      if (this.#entries[i]!.index <= this.#entries[i - 1]!.index) broken('configurations found out of order')
    }
  }

  get latest(): IndexedConfiguration {
    return this.#entries[this.#entries.length - 1]!
  }

  /** The configuration that the latest one has replaced, or undefined if that is compacted away. */
  get previous(): Configuration | undefined {
    return this.#entries[this.#entries.length - 2]?.configuration
  }

  /** Whether any configuration of this log has named this replica under its own id and admission (M67). */
  get everNamed(): boolean {
    return (
      this.#namedBefore || this.#entries.some(({ configuration }) => isNamed(configuration, this.#id, this.#admission))
    )
  }

  append(header: EntryHeader): void {
    if (header.kind !== EntryKind.Configuration) return
    const { configuration } = header as ConfigurationHeader
    if (configuration === undefined) broken(`configuration entry ${header.index} came without its configuration`)
    this.#entries.push({ index: header.index, configuration })
  }

  truncateFrom(index: LogIndex): void {
    if (this.#survivesTruncation) return
    while (this.#entries.length > 1 && this.latest.index >= index) this.#entries.pop()
  }

  /** The log begins after `prevIndex` now: keeps the configuration that governs there, and all later ones. */
  compactedTo(prevIndex: LogIndex): void {
    const base = this.#entries.findLastIndex(({ index }) => index <= prevIndex)
    if (base <= 0) return
    const gone = this.#entries.slice(0, base)
    this.#namedBefore ||= gone.some(({ configuration }) => isNamed(configuration, this.#id, this.#admission))
    this.#entries = this.#entries.slice(base)
  }

  /** The configuration that governs at `index`, which a copy of this log up to there must carry (M42). */
  at(index: LogIndex): IndexedConfiguration {
    return this.#entries.findLast((entry) => entry.index <= index) ?? this.#entries[0]!
  }

  all(): readonly IndexedConfiguration[] {
    return this.#entries
  }
}
