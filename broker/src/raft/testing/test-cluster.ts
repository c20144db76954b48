import {
  type BrokerId,
  type EntryHeader,
  EntryKind,
  type HardState,
  type LogIndex,
  type Term,
  type TermStart,
} from '@tailrace/schemas'
import type { Configuration, ConfigurationHeader, IndexedConfiguration, RaftOptions, RaftStart } from '../config.ts'
import { type Defects, noDefects } from '../defects.ts'
import { type CheckedRaftCore, createRaftWithDefects } from '../group.ts'
import type { RaftMessage } from '../messages.ts'
import type { CutTail, InstallRequest, LostLog, LostTail, ReadRequest, Ready } from '../ready.ts'

/** For tests: cores with in-memory logs and a network without delay, where every step is the test's own. */

export const ET = 10

export function testOptions(
  id: BrokerId,
  voters: readonly BrokerId[],
  changes: Partial<RaftOptions> = {},
): RaftOptions {
  return {
    id,
    configuration: { voters, outgoing: [], learners: [] },
    electionTicks: ET,
    heartbeatTicks: 1,
    maxAppendBytes: 1_000_000,
    maxInflightAppends: 64,
    maxInflightBytes: 10_000_000,
    maxUncommittedBytes: 10_000_000,
    controlBytes: 61,
    announceCommit: false,
    // Lower ids have shorter timeouts, so that tests know who wins.
    random: (bound) => Math.min(bound - 1, (id - 1) * 3),
    ...changes,
  }
}

/** A log that holds one entry of 100 bytes and one record for each given term. */
export function logOf(terms: readonly Term[]): EntryHeader[] {
  return terms.map((term, i) => ({
    index: i + 1,
    term,
    kind: EntryKind.Records,
    baseOffset: i,
    lastOffset: i,
    bytes: 100,
  }))
}

export function startFrom(log: readonly EntryHeader[], hardState?: HardState, commitHint = 0): RaftStart {
  const terms: TermStart[] = []
  for (const { term, index, baseOffset } of log) {
    if (terms.at(-1)?.term !== term) terms.push({ term, index, offset: baseOffset })
  }
  const last = log.at(-1)
  return {
    hardState: hardState ?? { term: last?.term ?? 0, votedFor: 0 },
    prevIndex: 0,
    prevTerm: 0,
    lastIndex: log.length,
    nextOffset: last === undefined ? 0 : last.lastOffset + 1,
    terms,
    configurations: configurationsOf(log),
    commitHint,
  }
}

/** The configurations that a log holds, as a driver finds them. */
export function configurationsOf(log: readonly EntryHeader[]): IndexedConfiguration[] {
  return log
    .filter(({ kind }) => kind === EntryKind.Configuration)
    .map((header) => ({ index: header.index, configuration: (header as ConfigurationHeader).configuration }))
}

/** The header of a configuration entry. */
export function configurationEntry(index: number, term: Term, baseOffset: number, configuration: Configuration) {
  const lastOffset = baseOffset - 1
  return { index, term, kind: EntryKind.Configuration, baseOffset, lastOffset, bytes: 100, configuration }
}

/** A disk whose log begins after `prevIndex`, where a state covers the entries before. All of it is committed. */
export function startAfter(log: readonly EntryHeader[], prevIndex: LogIndex, hardState?: HardState): RaftStart {
  const start = startFrom(log, hardState, log.length)
  const terms = start.terms.filter(({ index }) => index > prevIndex)
  return { ...start, prevIndex, prevTerm: prevIndex === 0 ? 0 : log[prevIndex - 1]!.term, terms }
}

/**
 * One replica. With `autoSync` every write is durable at once; else `sync` says when. Unless the test says otherwise,
 * it has run for so long that no promise from before its start binds it any more (M10 (e)).
 */
export class TestNode {
  readonly core: CheckedRaftCore
  readonly log: EntryHeader[]
  /** Messages that have left, oldest first, until the test takes them. */
  sent: RaftMessage[] = []
  reads: ReadRequest[] = []
  offers: BrokerId[] = []
  installs: InstallRequest[] = []
  lostLogs: LostLog[] = []
  lostTails: LostTail[] = []
  cutTails: CutTail[] = []
  absurdities: string[] = []
  /** How changes of members and transfers that began here have ended. */
  readonly outcomes: string[] = []
  autoSync = true
  commitIndex = 0
  /** Readies whose writes are not durable yet. */
  pending: Ready[] = []
  hardState: HardState

  constructor(
    options: RaftOptions,
    log: readonly EntryHeader[] = [],
    start = startFrom(log),
    defects: Partial<Defects> = {},
  ) {
    this.log = log.slice()
    this.hardState = start.hardState
    this.core = createRaftWithDefects(options, start, { ...noDefects, noRestartLease: true, ...defects })
    this.drain()
  }

  /** Carries out the Readies of the core. */
  drain(): void {
    while (this.core.hasReady()) {
      const ready = this.core.ready()
      if (ready.truncateFrom !== null) this.log.length = ready.truncateFrom - 1
      this.log.push(...ready.append)
      this.sent.push(...ready.send)
      this.reads.push(...ready.reads)
      this.offers.push(...ready.offers.map(({ to }) => to))
      if (ready.install !== null) this.installs.push(ready.install)
      this.lostLogs.push(...ready.lostLogs)
      if (ready.lostTail !== null) this.lostTails.push(ready.lostTail)
      if (ready.cutTail !== null) this.cutTails.push(ready.cutTail)
      this.absurdities.push(...ready.absurdities)
      this.commitIndex = ready.commitIndex
      if (ready.memberChange !== null)
        this.outcomes.push(`${ready.memberChange.outcome} ${ready.memberChange.reason}`.trim())
      if (ready.transfer !== null) this.outcomes.push(`transfer to ${ready.transfer.to} ${ready.transfer.outcome}`)
      this.pending.push(ready)
      if (this.autoSync) this.#syncOne()
    }
    this.core.checkInvariants()
  }

  /** The oldest `count` pending writes become durable. */
  sync(count = this.pending.length): void {
    for (let i = 0; i < count && this.pending.length > 0; i++) this.#syncOne()
    this.drain()
  }

  step(message: RaftMessage): void {
    this.core.step(message)
    this.drain()
  }

  tick(count = 1): void {
    for (let i = 0; i < count; i++) {
      this.core.tick()
      this.drain()
    }
  }

  propose(bytes = 100, records = 1): EntryHeader {
    const header = this.core.propose({ records, bytes })
    if (typeof header === 'string') throw new Error(header)
    return header
  }

  take(): RaftMessage[] {
    return this.sent.splice(0)
  }

  /** Cuts the log up to `prevIndex`; `log` continues to hold the entries that the state covers. */
  compact(prevIndex: LogIndex): void {
    this.core.compacted(prevIndex, this.log[prevIndex - 1]!.term)
    this.drain()
  }

  /**
   * The state that was asked for is in place: `log` up to its end, of which the log on disk begins after `prevIndex`.
   */
  install(log: readonly EntryHeader[], prevIndex = log.length): void {
    this.log.splice(0, this.log.length, ...log)
    this.core.installed(startAfter(log, prevIndex))
    this.drain()
  }

  get terms(): Term[] {
    return this.log.map(({ term }) => term)
  }

  #syncOne(): void {
    const ready = this.pending.shift()!
    if (ready.hardState !== null) this.hardState = ready.hardState
    this.core.persisted(ready.number)
    this.sent.push(...ready.sendAfterPersist)
  }
}

export class TestCluster {
  readonly nodes: TestNode[]
  /** Brokers whose process is dead: they are not ticked, and messages to them are lost. */
  readonly down = new Set<BrokerId>()
  /** Directed links that lose everything, as "from>to". */
  readonly cuts = new Set<string>()
  readonly rejections: RaftMessage[] = []
  /** Messages that are lost on top of that. */
  loses: (message: RaftMessage) => boolean = () => false
  /** How often a broker was found to lead in a new term. */
  leaderChanges = 0
  #lastLeader = ''
  /** Options of replicas that differ from the founders'. */
  readonly #own = new Map<BrokerId, Partial<RaftOptions>>()
  readonly #options: (id: BrokerId) => RaftOptions
  readonly #defects: Partial<Defects>

  /** `logs`: the terms of each broker's entries. `term`: the least term that all know. */
  constructor(
    count: number,
    options: Partial<RaftOptions> = {},
    logs: readonly (readonly Term[])[] = [],
    defects: Partial<Defects> = {},
    term = 0,
  ) {
    const voters = Array.from({ length: count }, (_, i) => i + 1)
    this.#options = (id) => testOptions(id, voters, { ...options, ...this.#own.get(id) })
    this.#defects = defects
    this.nodes = voters.map((id) => {
      const log = logOf(logs[id - 1] ?? [])
      const hardState = { term: Math.max(term, log.at(-1)?.term ?? 0), votedFor: 0 }
      return new TestNode(this.#options(id), log, startFrom(log, hardState), defects)
    })
  }

  node(id: BrokerId): TestNode {
    return this.nodes[id - 1]!
  }

  /** Gives a broker that has done nothing yet other options. */
  replace(id: BrokerId, changes: Partial<RaftOptions>): void {
    this.nodes[id - 1] = new TestNode({ ...this.#options(id), ...changes }, [], startFrom([]), this.#defects)
  }

  /** A blank replica that knows no configuration: the next broker, or one whose earlier replica is gone. */
  join(admission = 0, id: BrokerId = this.nodes.length + 1): BrokerId {
    this.#own.set(id, { configuration: { voters: [], outgoing: [], learners: [] }, admission })
    this.nodes[id - 1] = new TestNode(this.#options(id), [], startFrom([]), this.#defects)
    return id
  }

  get leaders(): BrokerId[] {
    return this.nodes.filter(({ core }) => core.role === 'leader' && !this.down.has(core.id)).map(({ core }) => core.id)
  }

  /** Cuts (both ways) or mends the links between one node and others. */
  cut(one: BrokerId, ...others: BrokerId[]): void {
    for (const other of others) this.cuts.add(`${one}>${other}`).add(`${other}>${one}`)
  }

  heal(): void {
    this.cuts.clear()
  }

  /**
   * Kills a process. Messages that it has sent and that have not arrived are lost; its disk has all that was written.
   */
  crash(id: BrokerId): void {
    this.down.add(id)
    this.node(id).take()
  }

  /** Starts a process, with the contents of its disk. */
  restart(id: BrokerId): void {
    const { log, hardState } = this.node(id)
    const defects = { noRestartLease: false, ...this.#defects }
    this.nodes[id - 1] = new TestNode(this.#options(id), log, startFrom(log, hardState), defects)
    this.down.delete(id)
  }

  /** Delivers until nothing is in flight. */
  settle(): void {
    for (let rounds = 0; rounds < 10_000; rounds++) {
      for (const node of this.nodes) this.#serveReads(node)
      const mail = this.nodes.flatMap((node) => node.take())
      if (mail.length === 0) return
      for (const message of mail) this.#deliver(message)
    }
    throw new Error('the cluster does not come to rest')
  }

  /** Ticks every node, or only the given ones, and settles, `count` times. */
  tick(count = 1, nodes: readonly TestNode[] = this.nodes): void {
    for (let i = 0; i < count; i++) {
      for (const node of nodes) if (!this.down.has(node.core.id)) node.tick()
      this.settle()
      const newest = this.nodes
        .filter(({ core }) => core.role === 'leader' && !this.down.has(core.id))
        .sort((a, b) => b.core.term - a.core.term)[0]
      const leader = newest === undefined ? this.#lastLeader : `${newest.core.id}@${newest.core.term}`
      if (leader !== this.#lastLeader) this.leaderChanges++
      this.#lastLeader = leader
    }
  }

  /** Makes `id` the leader, with the others' votes. */
  elect(id: BrokerId): void {
    for (let i = 0; i < 5 * ET && this.node(id).core.role !== 'leader'; i++) {
      for (const node of this.nodes) node.core.tick()
      if (i >= ET) this.node(id).core.campaign()
      this.settle()
    }
    if (this.node(id).core.role !== 'leader') throw new Error(`broker ${id} does not win`)
  }

  #serveReads(node: TestNode): void {
    node.drain()
    for (const { ticket, from, maxBytes } of node.reads.splice(0)) {
      const headers: EntryHeader[] = []
      let bytes = 0
      for (const header of node.log.slice(from - 1)) {
        if (headers.length > 0 && (bytes += header.bytes) > maxBytes) break
        headers.push(header)
      }
      node.core.entriesRead(ticket, headers)
      node.drain()
    }
  }

  #deliver(message: RaftMessage): void {
    if (this.cuts.has(`${message.from}>${message.to}`) || this.down.has(message.to) || this.loses(message)) return
    if (message.type === 'append-reply' && !message.success) this.rejections.push(message)
    this.node(message.to).step(message)
  }
}
