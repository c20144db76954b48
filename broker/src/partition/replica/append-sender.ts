import type { BrokerId, EntryHeader, GroupId } from '@tailrace/schemas'
import type { EntryRun, GroupLog } from '../../log/log-storage.ts'
import type { Logger } from '../../platform/logger.ts'
import type { AppendMessage, RaftMessage } from '../../raft/messages.ts'
import type { ReadRequest } from '../../raft/ready.ts'
import type { Peers } from '../peers.ts'

const NOTHING: readonly Uint8Array[] = []

/** Per follower: the messages that must leave in order after a read from disk. */
interface Lane {
  /** The run just read for this follower, while the Append that it leads to looks for its batches. */
  run: EntryRun | null
  waiting: AppendMessage[]
  reading: boolean
}

/**
 * Gives Appends their batches: from memory at once, from segments after a read, each follower's in order. One whose
 * batches cannot be read counts as a lost message: Raft sends it again after a while, so that a broken disk is not
 * asked without a pause.
 */
export class AppendSender {
  readonly #group: GroupId
  readonly #log: () => GroupLog
  readonly #peers: Pick<Peers, 'sendRaft'>
  readonly #logger: Logger
  /** Null on a replica that has never led. */
  #lanes: Map<BrokerId, Lane> | null = null

  constructor(group: GroupId, log: () => GroupLog, peers: Pick<Peers, 'sendRaft'>, logger: Logger) {
    this.#group = group
    this.#log = log
    this.#peers = peers
    this.#logger = logger
  }

  send(message: RaftMessage): void {
    if (message.type !== 'append' || message.entries.length === 0) {
      this.#peers.sendRaft(this.#group, message, NOTHING)
      return
    }
    const lane = this.#lane(message.to)
    if (lane.reading) lane.waiting.push(message)
    else this.#sendAppend(lane, message)
  }

  /**
   * Reads old entries for a lagging follower; `done` gets their headers, none when they cannot be read. The Append must
   * be sent before `done` returns, which must not throw: the batches are not kept.
   */
  async read(request: ReadRequest, done: (headers: readonly EntryHeader[]) => void): Promise<void> {
    const lane = this.#lane(request.to)
    let headers: readonly EntryHeader[] = []
    try {
      const run = await this.#log().readEntries(request.from, request.maxBytes)
      headers = run.headers
      lane.run = run
    } catch (error) {
      this.#logger.error(
        { group: this.#group, from: request.from, err: error },
        'entries for a follower cannot be read',
      )
    }
    done(headers)
    lane.run = null
  }

  #sendAppend(lane: Lane, message: AppendMessage): void {
    const fromRun = lane.run === null ? null : payloadsOf(lane.run, message.entries)
    if (fromRun !== null) {
      this.#peers.sendRaft(this.#group, message, fromRun)
      return
    }
    const read = this.#log().readEntries(message.entries[0]!.index, bytesOf(message.entries))
    if (read instanceof Promise) void this.#sendLater(lane, message, read)
    else this.#sendRun(message, read)
  }

  async #sendLater(lane: Lane, message: AppendMessage, read: Promise<EntryRun>): Promise<void> {
    lane.reading = true
    try {
      this.#sendRun(message, await this.#readRest(message.entries, await read))
    } catch (error) {
      this.#logger.error({ group: this.#group, to: message.to, err: error }, 'an append cannot be read')
    }
    lane.reading = false
    const waiting = lane.waiting
    lane.waiting = []
    for (const next of waiting) this.send(next)
  }

  /** A run comes from one place, a segment or memory; the entries of an Append may be spread over several. */
  async #readRest(entries: readonly EntryHeader[], first: EntryRun): Promise<EntryRun> {
    const headers = [...first.headers]
    const payloads = [...first.payloads]
    while (headers.length > 0 && headers.length < entries.length) {
      const rest = entries.slice(headers.length)
      const run = await this.#log().readEntries(rest[0]!.index, bytesOf(rest))
      if (run.headers.length === 0) break
      headers.push(...run.headers)
      payloads.push(...run.payloads)
    }
    return { headers, payloads }
  }

  #sendRun(message: AppendMessage, run: EntryRun): void {
    const payloads = payloadsOf(run, message.entries)
    if (payloads !== null) this.#peers.sendRaft(this.#group, message, payloads)
  }

  #lane(peer: BrokerId): Lane {
    this.#lanes ??= new Map()
    let lane = this.#lanes.get(peer)
    if (lane === undefined) {
      lane = { run: null, waiting: [], reading: false }
      this.#lanes.set(peer, lane)
    }
    return lane
  }
}

/** The batches of exactly these entries, or null if the run does not hold them (any more). */
function payloadsOf(run: EntryRun, entries: readonly EntryHeader[]): readonly Uint8Array[] | null {
  const first = run.headers[0]
  if (first === undefined) return null
  const at = entries[0]!.index - first.index
  if (at < 0 || at + entries.length > run.headers.length) return null
  // Same term at the last index means the same entries before it (Log Matching).
  if (run.headers[at + entries.length - 1]!.term !== entries[entries.length - 1]!.term) return null
  return at === 0 && entries.length === run.payloads.length ? run.payloads : run.payloads.slice(at, at + entries.length)
}

function bytesOf(entries: readonly EntryHeader[]): number {
  let bytes = 0
  for (const entry of entries) bytes += entry.bytes
  return bytes
}
