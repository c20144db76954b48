import { type GroupId, newerFormat } from '@tailrace/schemas'
import type { Crc32c } from '../../platform/checksum.ts'
import { parseGroup } from '../recovery/checkpoint.ts'
import { NEWEST_RECORD_TYPE, type RecordHeader, RecordType } from './record.ts'
import { ReplayedGroup } from './replayed-group.ts'
import { parseRound, type RecordSink } from './round-parser.ts'
import type { ScannedRound } from './scan.ts'

/** Applies the journal's rounds to the groups of a checkpoint. */
export class Replay implements RecordSink {
  readonly groups = new Map<GroupId, ReplayedGroup>()
  /** The highest incarnation seen, of any group. */
  highestIncarnation: number
  /** Bytes were found that no broker wrote. */
  damaged = false
  /** Rounds that are not all as a broker writes them. */
  rottenRounds = 0
  /** Places of rounds whose checksums are right, and of whose records some cannot be read. */
  readonly unreadablePlaces: NonNullable<ScannedRound['place']>[] = []
  /** The journal ends before a round that was durable once. */
  lostEnd = false
  /** Groups whose segments may not be durable, although the last round refers to all of their bytes. */
  unsynced: readonly GroupId[] = []
  records = 0
  readonly #crc: Crc32c
  readonly #keepsBatches: boolean
  #hasUnreadable = false

  /** `keepsBatches`: the bytes of entries that no segment has are wanted, and not their headers alone. */
  constructor(groups: Iterable<ReplayedGroup>, highestIncarnation: number, crc: Crc32c, keepsBatches = true) {
    for (const group of groups) this.groups.set(group.id, group)
    this.highestIncarnation = highestIncarnation
    this.#crc = crc
    this.#keepsBatches = keepsBatches
  }

  apply(round: ScannedRound): void {
    this.#hasUnreadable = false
    parseRound(round, this.#crc, this)
    if (round.sound && !this.#hasUnreadable) return
    this.damaged = true
    this.rottenRounds += 1
    if (round.sound && round.place !== null) this.unreadablePlaces.push(round.place)
  }

  /** Rounds are missing at the end, which were durable once. */
  onLostEnd(): void {
    this.damaged = true
    this.lostEnd = true
    for (const group of this.groups.values())
      group.suspect('the disk has lost writes at the end of the journal that it had confirmed')
  }

  /** After the last round. */
  finish(): void {
    for (const group of this.groups.values()) group.settle()
  }

  onRecord(record: RecordHeader, body: Uint8Array, sound: boolean): void {
    this.records++
    if (record.type > NEWEST_RECORD_TYPE) throw newerFormat('journalRecord', record.type, 'in the journal')
    // The records from here on were written by a broker that had already decided about everything before.
    if (record.type === RecordType.Open) {
      this.finish()
      return
    }
    this.highestIncarnation = Math.max(this.highestIncarnation, record.incarnation)
    if (record.type === RecordType.Install && this.#install(record, body)) return
    const group = this.#groupOf(record)
    if (group === null) return
    if (record.type < RecordType.Open) group.suspect()
    if (record.type === RecordType.Remove) this.groups.delete(group.id)
    else group.apply(record, body, sound, this.#keepsBatches)
  }

  onUnreadable(): void {
    this.#hasUnreadable = true
    for (const group of this.groups.values()) group.suspect()
  }

  /** The group's log is another one from here on. */
  #install(record: RecordHeader, body: Uint8Array): boolean {
    const known = this.groups.get(record.group)
    if (known !== undefined && known.incarnation >= record.incarnation) return false
    const described = parseGroup(new TextDecoder().decode(body))
    if (described === null) return false
    this.groups.set(record.group, ReplayedGroup.from(described))
    return true
  }

  #groupOf(record: RecordHeader): ReplayedGroup | null {
    const known = this.groups.get(record.group)
    if (known?.incarnation === record.incarnation) return known
    // A late record of a group that has been removed since.
    if (known !== undefined && known.incarnation > record.incarnation) return null
    const group = new ReplayedGroup(record.group, record.incarnation)
    this.groups.set(record.group, group)
    return group
  }
}
