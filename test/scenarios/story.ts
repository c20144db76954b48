import type { BrokerId, EntryHeader, HardState, LogIndex, Term } from '@tailrace/schemas'
import { EntryKind } from '@tailrace/schemas'
import type { Configuration } from '../../broker/src/raft/config.ts'
import { type Defects, noDefects } from '../../broker/src/raft/defects.ts'
import type { InstallRequest } from '../../broker/src/raft/ready.ts'
import { Invariants } from '../sim/core/invariants.ts'
import type { StoredEntry } from '../sim/core/sim-disk.ts'
import type { Parcel } from '../sim/core/sim-network.ts'
import { newTally, type Tally } from './counters.ts'
import { BadCommand } from './failures.ts'
import { messageText } from './render.ts'
import { Replica, type Surroundings, type Weight, weights } from './replica.ts'
import { type DiskDefects, noDiskDefects } from './story-disk.ts'
import { Wire } from './wire.ts'

export type StoryDefect = keyof Defects | keyof DiskDefects

/** The state that a broker finds when it is first started. */
interface Beginning {
  terms: readonly Term[]
  hardState: HardState | null
  commitHint: LogIndex
  configuration: Configuration | null
  admission: number
}

/** The options that `brokers` may set. */
export interface StoryOptions {
  electionTicks: number
  heartbeatTicks: number
  maxAppendBytes: number
  maxInflightAppends: number
  maxInflightBytes: number
  maxUncommittedBytes: number
  controlBytes: number
  announceCommit: boolean
  termHint: boolean
  sleepAfterTicks?: number
}

const defaultOptions: StoryOptions = {
  electionTicks: 10,
  heartbeatTicks: 1,
  maxAppendBytes: 1_000_000,
  maxInflightAppends: 64,
  maxInflightBytes: 10_000_000,
  maxUncommittedBytes: 10_000_000,
  controlBytes: 61,
  announceCommit: false,
  termHint: true,
}

/** One record of 100 bytes; its value is the same wherever the same index and term meet. */
function plainEntry(index: LogIndex, term: Term, offset: number): StoredEntry {
  const header: EntryHeader = {
    index,
    term,
    kind: EntryKind.Records,
    baseOffset: offset,
    lastOffset: offset,
    bytes: 100,
  }
  return { header, value: 1_000_000 * term + index }
}

/** A cluster in which nothing happens by itself: every tick, delivery and fsync is a command's. Holds no command. */
export class Story implements Surroundings {
  readonly wire = new Wire()
  readonly options: StoryOptions = { ...defaultOptions }
  /** Ticks that a broker's election timer is armed for, where the story says so. */
  readonly timeouts = new Map<BrokerId, number>()
  readonly defects = new Set<StoryDefect>()
  readonly acked: string[] = []
  tally: Tally = newTally()
  /** All messages are lost. */
  losing = false
  /** Leaders offer the state behind their log's start, and followers fetch it, as soon as they are asked to. */
  handsOutStates = true
  /** The events that get a line: all, commits and changes, or changes alone. */
  telling: Weight = 'step'
  /** A fresh story that has lived through all commands so far; set by the runner of the file. */
  replay: () => Story = () => {
    throw new BadCommand('nothing to replay')
  }
  readonly #beginnings = new Map<BrokerId, Beginning>()
  readonly #names = new Map<number, string>()
  #replicas: Replica[] | null = null
  #invariants: Invariants | null = null
  #output: string[] = []

  // Setting the scene, before the first core starts.

  addBrokers(count: number): void {
    this.#mustNotHaveBegun()
    for (let id = 1; id <= count; id++)
      this.#beginnings.set(id, { terms: [], hardState: null, commitHint: 0, configuration: null, admission: 0 })
  }

  beginning(id: BrokerId): Beginning {
    this.#mustNotHaveBegun()
    const found = this.#beginnings.get(id)
    if (found === undefined) throw new BadCommand(`there is no broker ${id}`)
    return found
  }

  setDefects(names: readonly string[]): void {
    this.#mustNotHaveBegun()
    for (const name of names) {
      if (!(name in noDefects) && !(name in noDiskDefects)) throw new BadCommand(`no defect is called ${name}`)
      this.defects.add(name as StoryDefect)
    }
  }

  // Looking at it.

  get replicas(): readonly Replica[] {
    if (this.#replicas === null) this.#begin()
    return this.#replicas!
  }

  get ids(): BrokerId[] {
    return this.replicas.map(({ id }) => id)
  }

  get invariants(): Invariants {
    return this.#invariants!
  }

  get diskDefects(): DiskDefects {
    return { votesNotSynced: this.defects.has('votesNotSynced'), ackBeforeFsync: this.defects.has('ackBeforeFsync') }
  }

  get leaders(): Replica[] {
    return this.replicas.filter(({ isLeader }) => isLeader)
  }

  /** The leader of the newest term, if any. */
  get leader(): Replica | undefined {
    return this.leaders.sort((a, b) => b.term - a.term)[0]
  }

  replica(id: BrokerId): Replica {
    const found = this.replicas.find((replica) => replica.id === id)
    if (found === undefined) throw new BadCommand(`there is no broker ${id}`)
    return found
  }

  /** A broker whose process is up. */
  running(id: BrokerId): Replica {
    const replica = this.replica(id)
    if (replica.core === null) throw new BadCommand(`broker ${id} is down`)
    return replica
  }

  nameOf(value: number): string | undefined {
    return this.#names.get(value)
  }

  /** The entry that all logs share at an index and term; one of the default content if no log has it yet. */
  entryAt(index: LogIndex, term: Term, offset: number): StoredEntry {
    for (const { log } of this.replicas) if (log[index - 1]?.header.term === term) return log[index - 1]!
    return plainEntry(index, term, offset)
  }

  // Making things happen.

  start(id: BrokerId, first = false): void {
    const defects: Record<string, boolean> = { ...noDefects }
    for (const name of this.defects) if (name in noDefects) defects[name] = true
    // At the beginning of the story all have run for so long that no promise from before their start binds them any
    // more (M10 (e)).
    if (first) defects.noRestartLease = true
    this.replica(id).start(defects as unknown as Defects)
  }

  deliver(parcel: Parcel): void {
    const { message } = parcel
    this.note('step', messageText(message))
    const replica = this.replica(message.to)
    if (replica.core === null) {
      this.note('step', `lost: ${message.to} is down`)
      return
    }
    this.tally.delivered++
    if (message.type === 'append-reply' && !message.success) this.tally.rejections.push(message.from)
    replica.receive(parcel)
  }

  /** Null, or why the proposal was refused. */
  propose(id: BrokerId, name: string): string | null {
    const value = this.#names.size + 1
    this.#names.set(value, name)
    return this.running(id).propose(value, 1, 100)
  }

  /** Everything that can happen without a clock, oldest message first, each taken by itself; false if nothing can. */
  stepOne(): boolean {
    const parcel = this.wire.parcels.shift()
    if (parcel !== undefined) {
      this.deliver(parcel)
      return true
    }
    const busy = this.replicas.find(({ core, disk }) => core !== null && disk.pending.length > 0)
    return busy !== undefined && busy.persist(1) > 0
  }

  // What replicas report.

  send(parcel: Parcel): void {
    if (!this.losing) this.wire.send(parcel)
  }

  elected(): void {
    this.tally.elections++
  }

  acknowledged(value: number): void {
    const name = this.#names.get(value) ?? String(value)
    this.acked.push(name)
    this.note('progress', `client: ${name} is acknowledged`)
  }

  fetchState({ source, lastIndex }: InstallRequest): readonly StoredEntry[] | null {
    const from = this.replica(source)
    if (!this.handsOutStates || from.core === null || from.commitIndex < lastIndex) return null
    return from.log.slice(0, lastIndex)
  }

  note(weight: Weight, text: string): void {
    if (weights.indexOf(weight) >= weights.indexOf(this.telling)) this.#output.push(text)
  }

  say(...lines: string[]): void {
    this.#output.push(...lines)
  }

  takeOutput(): string[] {
    const lines = this.#output
    this.#output = []
    return lines
  }

  #begin(): void {
    if (this.#beginnings.size === 0) throw new BadCommand('no brokers yet')
    const voters = [...this.#beginnings.keys()]
    this.#replicas = voters.map((id) => {
      const { admission, ...found } = this.#beginnings.get(id)!
      const configuration = found.configuration ?? { voters, outgoing: [], learners: [] }
      const random = (bound: number) => this.#draw(id, bound)
      return new Replica({ ...this.options, id, configuration, admission, random }, this)
    })
    this.#invariants = new Invariants(this.#replicas)
    for (const replica of this.#replicas) this.#fillDisk(replica)
    const { telling } = this
    this.telling = 'change'
    for (const { id } of this.#replicas) this.start(id, true)
    this.telling = telling
  }

  #fillDisk(replica: Replica): void {
    const { terms, hardState, commitHint } = this.#beginnings.get(replica.id)!
    terms.forEach((term, i) => {
      replica.disk.entries.push(plainEntry(i + 1, term, i))
    })
    replica.log = replica.disk.entries.slice()
    for (const entry of replica.log) this.invariants.appended(replica, entry)
    replica.disk.hardState = hardState ?? { term: terms.at(-1) ?? 0, votedFor: 0 }
    replica.disk.commitHint = commitHint
  }

  /** Lower ids have shorter timeouts, unless the story says otherwise. */
  #draw(id: BrokerId, bound: number): number {
    const timeout = this.timeouts.get(id)
    return timeout === undefined ? Math.min(bound - 1, (id - 1) * 3) : timeout - this.options.electionTicks
  }

  #mustNotHaveBegun(): void {
    if (this.#replicas !== null) throw new BadCommand('this must come before the first event')
  }
}
