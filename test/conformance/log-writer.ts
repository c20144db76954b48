import type { EntryHeader, HardState, LogIndex, Term } from '@tailrace/schemas'
import {
  BatchWriter,
  configurationBatch,
  deletionBatch,
  EntryKind,
  fenceBatch,
  placeBatch,
  termStartBatch,
} from '@tailrace/schemas'
import type { GroupLog, LogStorage, StoredConfiguration } from '../../broker/src/log/log-storage.ts'

export interface StoredEntry {
  readonly header: EntryHeader
  readonly batch: Uint8Array
}

/** The state that a log should have after one step of a write. */
export interface Snapshot {
  readonly hardState: HardState
  readonly entries: readonly StoredEntry[]
}

/** The changes of one write; `sizes` gives a Records batch for each value size. */
export interface Step {
  readonly term?: Term
  readonly vote?: HardState
  readonly truncateFrom?: LogIndex
  readonly control?: 'term' | 'configuration' | 'fence' | 'deletion'
  readonly sizes?: readonly number[]
  readonly timestamp?: number
}

/** Writes to one group's log, and keeps beside it the deliberately simple model that it is compared with: arrays. */
export class LogWriter {
  readonly log: GroupLog
  /** Every state that the log passes through, in order: a write may become durable in two parts. */
  readonly snapshots: Snapshot[]
  /** Number of the snapshot that belongs to the highest durable ticket. */
  acknowledged = 0
  #ticket = 0
  readonly #snapshotOfTicket = new Map<number, number>()

  constructor(log: GroupLog, from: Snapshot = { hardState: { term: 0, votedFor: 0 }, entries: [] }) {
    this.log = log
    this.snapshots = [from]
  }

  get now(): Snapshot {
    return this.snapshots[this.snapshots.length - 1]!
  }

  /** To be called from the storage's onDurable. */
  onDurable(ticket: number): void {
    this.acknowledged = this.#snapshotOfTicket.get(ticket)!
  }

  write(step: Step): number {
    const before = this.now
    const hardState = step.vote ?? before.hardState
    const kept = step.truncateFrom === undefined ? before.entries : before.entries.slice(0, step.truncateFrom - 1)
    if (step.vote !== undefined) this.snapshots.push({ hardState, entries: before.entries })
    if (step.truncateFrom !== undefined) this.snapshots.push({ hardState, entries: kept })
    const added = newEntries(kept, step)
    if (added.length > 0) this.snapshots.push({ hardState, entries: [...kept, ...added] })
    this.#snapshotOfTicket.set(++this.#ticket, this.snapshots.length - 1)
    this.log.write({
      hardState: step.vote ?? null,
      truncateFrom: step.truncateFrom ?? null,
      entries: added.map((entry) => entry.header),
      payloads: added.map((entry) => entry.batch),
      ticket: this.#ticket,
    })
    return this.#ticket
  }
}

function newEntries(before: readonly StoredEntry[], step: Step): StoredEntry[] {
  const term = step.term ?? before[before.length - 1]?.header.term ?? 1
  const timestamp = step.timestamp ?? 1000
  let index = before.length + 1
  let offset = (before[before.length - 1]?.header.lastOffset ?? -1) + 1
  const entries: StoredEntry[] = []
  const add = (kind: EntryKind, batch: Uint8Array, records: number) => {
    const header = { index, term, kind, baseOffset: offset, lastOffset: offset + records - 1, bytes: batch.length }
    entries.push({ header, batch })
    index++
    offset += records
  }
  if (step.control === 'term')
    add(EntryKind.TermStart, termStartBatch({ term, baseOffset: offset, timestamp, leader: 1 }), 0)
  if (step.control === 'configuration') {
    const json = JSON.stringify({ made: index })
    add(EntryKind.Configuration, configurationBatch({ term, baseOffset: offset, timestamp, json }), 0)
  }
  if (step.control === 'fence') add(EntryKind.Fence, fenceBatch({ term, baseOffset: offset, timestamp, fence: 7 }), 0)
  if (step.control === 'deletion')
    add(EntryKind.Deletion, deletionBatch({ term, baseOffset: offset, timestamp, before: 3 }), 0)
  for (const size of step.sizes ?? []) {
    const records = 1 + (index % 3)
    add(EntryKind.Records, recordsBatch(offset, term, records, size, timestamp), records)
  }
  return entries
}

/** A batch of `records` records, the first with a value of `size` bytes that depend on offset and term. */
export function recordsBatch(
  baseOffset: number,
  term: Term,
  records: number,
  size: number,
  timestamp: number,
): Uint8Array {
  const writer = new BatchWriter(size + 100)
  for (let i = 0; i < records; i++) {
    const value = new Uint8Array(i === 0 ? size : 1)
    for (let at = 0; at < value.length; at++) value[at] = (baseOffset * 31 + term * 7 + at) & 255
    writer.append({ timestamp, key: null, value })
  }
  const batch = writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 })
  placeBatch(batch, 0, baseOffset, term)
  return batch
}

/** Every entry of the log, read in pieces. */
export async function readAll(log: GroupLog, pieceBytes = 2000): Promise<StoredEntry[]> {
  const entries: StoredEntry[] = []
  for (let next = log.firstIndex; next <= log.lastIndex; ) {
    const { headers, payloads } = await log.readEntries(next, pieceBytes)
    if (headers.length === 0) throw new Error(`entry ${next} of ${log.lastIndex} is not there`)
    for (const [i, header] of headers.entries()) entries.push({ header, batch: payloads[i]! })
    next += headers.length
  }
  return entries
}

/**
 * The difference between the log and a snapshot, or null. The log may have cut a prefix; the snapshot has every entry
 * that there ever was.
 */
export async function difference(log: GroupLog, snapshot: Snapshot): Promise<string | null> {
  const { hardState, entries } = snapshot
  if (log.hardState.term !== hardState.term || log.hardState.votedFor !== hardState.votedFor) return 'term or vote'
  if (log.lastIndex !== entries.length) return `last index is ${log.lastIndex} instead of ${entries.length}`
  const endOffset = (entries[entries.length - 1]?.header.lastOffset ?? -1) + 1
  if (log.endOffset !== endOffset) return `end offset is ${log.endOffset} instead of ${endOffset}`
  const { prevIndex } = log
  const held = entries.slice(prevIndex)
  if (log.prevTerm !== (entries[prevIndex - 1]?.header.term ?? 0)) return 'the term before the first entry'
  if (log.startOffset !== (held[0]?.header.baseOffset ?? endOffset)) return `start offset is ${log.startOffset}`
  const configurations = configurationsOf(entries, prevIndex)
  if (describeConfigurations(log.configurations) !== describeConfigurations(configurations)) return 'the configurations'
  const starts = held.filter((entry, i) => i === 0 || held[i - 1]!.header.term !== entry.header.term)
  const terms = starts.map(({ header }) => ({ term: header.term, index: header.index, offset: header.baseOffset }))
  if (JSON.stringify(terms) !== JSON.stringify(log.terms)) return 'the terms'
  const found = await readAll(log)
  for (const [i, entry] of found.entries()) {
    const wanted = held[i]!
    if (JSON.stringify(entry.header) !== JSON.stringify(wanted.header))
      return `the header of entry ${wanted.header.index}`
    if (Buffer.compare(entry.batch, wanted.batch) !== 0) return `the batch of entry ${wanted.header.index}`
  }
  return null
}

/** The configuration in force at `prevIndex` and all later ones. */
function configurationsOf(entries: readonly StoredEntry[], prevIndex: LogIndex): StoredConfiguration[] {
  const all = entries.filter(({ header }) => header.kind === EntryKind.Configuration)
  const base = all.filter(({ header }) => header.index <= prevIndex).slice(-1)
  const later = all.filter(({ header }) => header.index > prevIndex)
  return [...base, ...later].map(({ header, batch }) => ({ index: header.index, batch }))
}

function describeConfigurations(configurations: readonly StoredConfiguration[]): string {
  return configurations.map(({ index, batch }) => `${index}:${Buffer.from(batch).toString('hex')}`).join(' ')
}

/** The acknowledged snapshot or a later one that the log equals; throws when it equals none of them. */
export async function recoveredSnapshot(log: GroupLog, writer: LogWriter): Promise<Snapshot> {
  const reasons: (string | null)[] = []
  for (const snapshot of writer.snapshots.slice(writer.acknowledged)) {
    const reason = await difference(log, snapshot)
    if (reason === null) return snapshot
    reasons.push(reason)
  }
  throw new Error(
    `group ${log.group} is in no state that it was in since its last acknowledged write: ${reasons.join('; ')}`,
  )
}

/** Resolves when the storage has made the write durable. */
export class Acknowledgements {
  readonly #writers = new Map<number, LogWriter>()
  readonly #waiting: { group: number; ticket: number; resolve: () => void }[] = []
  readonly #done = new Map<number, number>()

  constructor(storage: LogStorage) {
    storage.onDurable = (group, ticket) => {
      this.#writers.get(group)?.onDurable(ticket)
      this.#done.set(group, ticket)
      for (const waiter of this.#waiting) if (waiter.group === group && waiter.ticket <= ticket) waiter.resolve()
    }
  }

  writer(log: GroupLog, from?: Snapshot): LogWriter {
    const writer = new LogWriter(log, from)
    this.#writers.set(log.group, writer)
    return writer
  }

  durable(writer: LogWriter, ticket: number): Promise<void> {
    const group = writer.log.group
    if ((this.#done.get(group) ?? 0) >= ticket) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ group, ticket, resolve }))
  }
}
