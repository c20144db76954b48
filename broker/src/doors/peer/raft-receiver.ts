import { type BrokerId, EntryKind, type Frame, type Message, TailraceError } from '@tailrace/schemas'
import type { PeerHandlers } from '../../partition/peers.ts'
import type { Crc32c } from '../../platform/checksum.ts'
import { isTerm } from '../../raft/election/term-rules.ts'
import { appendEntries, appendPayloads } from './append-frame.ts'
import type { PeerStats } from './stats.ts'

const NO_PAYLOADS: readonly Uint8Array[] = []
const LARGEST_KIND = Math.max(...Object.values(EntryKind))

/**
 * Turns the frames of one peer into Raft messages, of groups in which it is a member. `from` and `to` are not on the
 * wire: they are the two ends of the connection.
 */
export class RaftReceiver {
  readonly #from: BrokerId
  readonly #to: BrokerId
  readonly #handlers: PeerHandlers
  readonly #crc: Crc32c
  readonly #stats: PeerStats

  constructor(from: BrokerId, to: BrokerId, handlers: PeerHandlers, crc: Crc32c, stats: PeerStats) {
    this.#from = from
    this.#to = to
    this.#handlers = handlers
    this.#crc = crc
    this.#stats = stats
  }

  /**
   * Whether the frame was a Raft message.
   * @throws TailraceError MALFORMED_FRAME when a number is out of its range
   */
  receive(frame: Frame): boolean {
    switch (frame.name) {
      case 'Append':
        this.#append(frame.fields, frame.body)
        return true
      case 'AppendReply':
        this.#appendReply(frame.fields)
        return true
      case 'Vote':
        this.#vote(frame.fields)
        return true
      case 'VoteReply':
        this.#voteReply(frame.fields)
        return true
      case 'Heartbeats':
        this.#heartbeats(frame.fields)
        return true
      case 'HeartbeatReplies':
        this.#heartbeatReplies(frame.fields)
        return true
      case 'Snapshot':
        this.#snapshot(frame.fields)
        return true
      case 'TimeoutNow':
        this.#timeoutNow(frame.fields)
        return true
      default:
        return false
    }
  }

  #accepts(group: number): boolean {
    if (group < 0) throw malformed('a negative group')
    if (this.#handlers.accepts(this.#from, group)) return true
    this.#stats.unheard++
    return false
  }

  #append(fields: Message<'Append'>, body: Uint8Array): void {
    const { group, term, prevIndex, prevTerm, commit } = fields
    if (!this.#accepts(group)) return
    checkIndexes(prevIndex, commit)
    checkTerms(term, prevTerm)
    for (const entry of fields.entries) {
      checkTerms(entry.term, 0)
      if (entry.kind < 0 || entry.kind > LARGEST_KIND) throw malformed(`entry kind ${entry.kind}`)
    }
    const payloads = this.#payloads(fields, body)
    if (payloads === undefined) {
      this.#stats.corruptAppends++
      return
    }
    const entries = appendEntries(fields)
    this.#handlers.raft(
      group,
      { type: 'append', from: this.#from, to: this.#to, term, prevIndex, prevTerm, entries, commit },
      payloads,
    )
  }

  #payloads(fields: Message<'Append'>, body: Uint8Array): Uint8Array[] | undefined {
    try {
      return appendPayloads(fields.entries, body, this.#crc)
    } catch (error) {
      // A flipped bit may leave a baseOffset that is no safe integer, or a control batch without meaning.
      if (error instanceof TailraceError) return undefined
      throw error
    }
  }

  #appendReply(fields: Message<'AppendReply'>): void {
    const { group, term, success, matchIndex, rejectedIndex, hintIndex, hintTerm, admission = 0 } = fields
    if (!this.#accepts(group)) return
    checkIndexes(matchIndex, rejectedIndex)
    checkIndexes(hintIndex, admission)
    checkTerms(term, hintTerm)
    this.#handlers.raft(
      group,
      {
        type: 'append-reply',
        from: this.#from,
        to: this.#to,
        term,
        success,
        matchIndex,
        rejectedIndex,
        hintIndex,
        hintTerm,
        admission,
      },
      NO_PAYLOADS,
    )
  }

  #vote({ group, term, pre, transfer, lastIndex, lastTerm }: Message<'Vote'>): void {
    if (!this.#accepts(group)) return
    checkIndexes(lastIndex, 0)
    checkTerms(term, lastTerm)
    this.#handlers.raft(
      group,
      { type: 'vote', from: this.#from, to: this.#to, term, pre, transfer, lastIndex, lastTerm },
      NO_PAYLOADS,
    )
  }

  #voteReply({ group, term, pre, granted }: Message<'VoteReply'>): void {
    if (!this.#accepts(group)) return
    checkTerms(term, 0)
    this.#handlers.raft(group, { type: 'vote-reply', from: this.#from, to: this.#to, term, pre, granted }, NO_PAYLOADS)
  }

  #snapshot({ group, term, lastIndex, lastTerm, source }: Message<'Snapshot'>): void {
    if (!this.#accepts(group)) return
    // The state is fetched from the source, so it must be a member like the leader itself.
    if (!this.#handlers.accepts(source, group)) {
      this.#stats.unheard++
      return
    }
    checkIndexes(lastIndex, source)
    checkTerms(term, lastTerm)
    this.#handlers.raft(
      group,
      { type: 'snapshot', from: this.#from, to: this.#to, term, lastIndex, lastTerm, source },
      NO_PAYLOADS,
    )
  }

  #timeoutNow({ group, term }: Message<'TimeoutNow'>): void {
    if (!this.#accepts(group)) return
    checkTerms(term, 0)
    this.#handlers.raft(group, { type: 'timeout-now', from: this.#from, to: this.#to, term }, NO_PAYLOADS)
  }

  #heartbeats({ beats }: Message<'Heartbeats'>): void {
    for (const { group, term, commit, sentAt, sleep, acknowledged = 0, round = 0 } of beats) {
      if (!this.#accepts(group)) continue
      checkIndexes(commit, acknowledged)
      checkIndexes(round, 0)
      checkTerms(term, 0)
      this.#handlers.raft(
        group,
        { type: 'heartbeat', from: this.#from, to: this.#to, term, commit, sentAt, sleep, acknowledged, round },
        NO_PAYLOADS,
      )
    }
  }

  #heartbeatReplies({ beats }: Message<'HeartbeatReplies'>): void {
    for (const { group, term, lastIndex, sentAt, asleep, admission = 0, round = 0 } of beats) {
      if (!this.#accepts(group)) continue
      checkIndexes(lastIndex, admission)
      checkIndexes(round, 0)
      checkTerms(term, 0)
      this.#handlers.raft(
        group,
        { type: 'heartbeat-reply', from: this.#from, to: this.#to, term, lastIndex, sentAt, asleep, admission, round },
        NO_PAYLOADS,
      )
    }
  }
}

function checkIndexes(a: number, b: number): void {
  if (a < 0 || b < 0) throw malformed('a negative index')
}

function checkTerms(a: number, b: number): void {
  if (!isTerm(a) || !isTerm(b)) throw malformed('a term that is no int32 from 0 on')
}

function malformed(what: string): TailraceError {
  return new TailraceError('MALFORMED_FRAME', `It carries ${what}.`)
}
