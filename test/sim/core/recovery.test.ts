import type { BrokerId, LogIndex, Term } from '@tailrace/schemas'
import { describe, expect, test } from 'vitest'
import { type Defects, noDefects } from '../../../broker/src/raft/defects.ts'
import type { RaftMessage } from '../../../broker/src/raft/messages.ts'
import { logOf, startFrom, TestNode, testOptions } from '../../../broker/src/raft/testing/test-cluster.ts'

const IDS: readonly BrokerId[] = [1, 2, 3]
/** A term that all know from before, later than any entry's. */
const KNOWN_TERM = 5

/** Entries that a leader of an earlier term appended and no other broker got. More of them would be sent like these. */
const MOST_OWN = 2

/**
 * The logs that three brokers may hold when an election begins: a prefix each of the log of term 1, and after it the
 * entries that brokers 1 and 2 appended as leaders of terms 2 and 3 and no other broker has. One broker has no entry of
 * term 1: common entries of all change nothing.
 */
function* histories(longest: number): Generator<Term[][]> {
  const shapes = (term: Term): Term[][] => {
    const logs: Term[][] = []
    for (let shared = 0; shared <= longest; shared++) {
      for (let own = 0; own <= Math.min(term === 1 ? 0 : MOST_OWN, longest - shared); own++) {
        logs.push([...Array<Term>(shared).fill(1), ...Array<Term>(own).fill(term)])
      }
    }
    return logs
  }
  for (const one of shapes(2)) {
    for (const two of shapes(3)) {
      for (const three of shapes(1)) if ([one, two, three].some((log) => log[0] !== 1)) yield [one, two, three]
    }
  }
}

/**
 * How many entries of term 1 may have been acknowledged: a majority has them, and so has every leader that was elected
 * later (Leader Completeness).
 */
function acknowledgedBefore(logs: readonly Term[][]): LogIndex {
  const shared = logs.map((log) => log.filter((term) => term === 1).length)
  const majority = shared.toSorted((a, b) => a - b)[1]!
  return Math.min(majority, ...logs.flatMap((log, i) => (log.at(-1)! > 1 ? [shared[i]!] : [])))
}

/** Three brokers and one message at a time. */
class Recovery {
  readonly nodes: TestNode[]
  readonly #defects: Defects
  /** A broker that gets no messages. */
  unreached: BrokerId = 0
  #mail: RaftMessage[] = []
  #down: BrokerId = 0
  /** Terms of the entries that may not be lost. */
  readonly #acknowledged: Term[]

  constructor(logs: readonly Term[][], defects: Partial<Defects>) {
    // The bound on votes does not matter here; without M10 an election takes no ticks.
    this.#defects = { ...noDefects, noLeaseCheck: true, ...defects }
    this.nodes = IDS.map((id) => this.#boot(id, logOf(logs[id - 1]!), KNOWN_TERM))
    this.#acknowledged = Array<Term>(acknowledgedBefore(logs)).fill(1)
  }

  /** `id` asks for votes; returns whether it leads when all have answered. Nothing of its recovery is delivered yet. */
  campaign(id: BrokerId): boolean {
    const { core } = this.nodes[id - 1]!
    core.campaign()
    this.nodes[id - 1]!.drain()
    while (core.role !== 'leader' && this.deliver());
    return core.role === 'leader'
  }

  /** Delivers the oldest message; false if there is none. */
  deliver(): boolean {
    for (const node of this.nodes) {
      if (node.reads.length > 0) this.#serveReads(node)
      for (const message of node.take()) if (this.#canReach(message.to)) this.#mail.push(message)
    }
    const message = this.#mail.shift()
    if (message === undefined) return false
    // It was sent before the link broke.
    if (!this.#canReach(message.to)) return true
    const node = this.nodes[message.to - 1]!
    node.step(message)
    this.#observe(node)
    return true
  }

  #canReach(id: BrokerId): boolean {
    return id !== this.#down && id !== this.unreached
  }

  settle(): void {
    while (this.deliver());
  }

  /** The process dies, and all messages in flight are lost. */
  crash(id: BrokerId): void {
    for (const node of this.nodes) node.take()
    this.#mail = []
    this.#down = id
  }

  restart(): void {
    const id = this.#down
    const { log, hardState } = this.nodes[id - 1]!
    this.nodes[id - 1] = this.#boot(id, log, hardState.term, hardState.votedFor)
    this.#down = 0
    for (const node of this.nodes) {
      node.core.peerUnreachable(id)
      node.drain()
    }
  }

  /** All logs are equal, committed to their end, and hold all acknowledged entries. */
  check(): void {
    const [first] = this.nodes
    for (const node of this.nodes) {
      if (`${node.terms}` !== `${first!.terms}`)
        throw new Error(`logs differ: ${this.nodes.map(({ terms }) => `[${terms}]`)}`)
      if (node.commitIndex !== node.log.length) throw new Error(`broker ${node.core.id} commits ${node.commitIndex}`)
    }
    this.#acknowledged.forEach((term, i) => {
      if (first!.terms[i] !== term) throw new Error(`entry ${i + 1} of term ${term} is lost: [${first!.terms}]`)
    })
  }

  /** Entries that any broker takes as committed may have been acknowledged. */
  #observe(node: TestNode): void {
    for (let index = 1; index <= node.commitIndex; index++) {
      const { term } = node.log[index - 1]!
      if ((this.#acknowledged[index - 1] ??= term) !== term) throw new Error(`entry ${index} is committed twice`)
    }
  }

  #boot(id: BrokerId, log: TestNode['log'], term: Term, votedFor = 0): TestNode {
    const options = testOptions(id, IDS, { announceCommit: true, maxAppendBytes: 1 })
    return new TestNode(options, log, startFrom(log, { term, votedFor }), this.#defects)
  }

  #serveReads(node: TestNode): void {
    for (const { ticket, from } of node.reads.splice(0)) node.core.entriesRead(ticket, node.log.slice(from - 1, from))
    node.drain()
  }
}

/**
 * Crashes the leader after each single message of its recovery, during which it reaches both others or only one, and
 * lets a survivor follow: the one that it did not reach, if its log allows. Returns the number of histories.
 */
function crashEverywhere(logs: readonly Term[][], defects: Partial<Defects>): number {
  let runs = 0
  for (const candidate of IDS) {
    const others = IDS.filter((id) => id !== candidate)
    for (const unreached of [0, ...others]) {
      const survivors = unreached === others[1] ? others.toReversed() : others
      let delivered = 0
      while (crashAfter(new Recovery(logs, defects), candidate, unreached, delivered, survivors)) delivered++
      runs += delivered
    }
  }
  return runs
}

/** False if the candidate cannot lead, or if its recovery has fewer messages than that. */
function crashAfter(
  recovery: Recovery,
  candidate: BrokerId,
  unreached: BrokerId,
  messages: number,
  survivors: readonly BrokerId[],
): boolean {
  if (!recovery.campaign(candidate)) return false
  recovery.unreached = unreached
  for (let count = 0; count < messages; count++) if (!recovery.deliver()) return false
  recovery.unreached = 0
  recovery.crash(candidate)
  // A survivor that lacks the newest term learns it at its first attempt, and may win with the second.
  if (![...survivors, ...survivors].some((id) => recovery.campaign(id))) throw new Error('no survivor can lead')
  recovery.settle()
  recovery.restart()
  recovery.settle()
  recovery.check()
  return true
}

/** Runs all histories of logs up to `longest` entries; the first that goes wrong throws. */
function crashInAll(longest: number, defects: Partial<Defects> = {}): number {
  let runs = 0
  for (const logs of histories(longest)) runs += crashEverywhere(logs, defects)
  return runs
}

test('M38: a leader that dies after any one message of its recovery: logs converge, nothing acknowledged is lost', () => {
  expect(crashInAll(6)).toBeGreaterThan(80_000)
}, 60_000)

describe('controls', () => {
  test.each(['commitOlderTerm', 'voteWithoutLogCheck', 'matchFromRejection', 'commitUnverified'] as const)(
    '%s is noticed',
    (defect) => {
      expect(() => crashInAll(3, { [defect]: true })).toThrow()
    },
  )
})
