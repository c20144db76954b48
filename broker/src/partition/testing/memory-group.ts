import type { BrokerId, EntryHeader, GroupId, Term } from '@tailrace/schemas'
import { EntryKind, recordsCountAt, TailraceError } from '@tailrace/schemas'
import type { ManualClock } from '../../platform/testing/clock.ts'
import type { Configuration } from '../../raft/config.ts'
import type { Group, GroupSpec, GroupStatus, SpecChanges, Standing } from '../group.ts'
import type { FetchRequest, FetchResult, PublishCondition, PublishResult } from '../requests.ts'

const COMMIT_MS = 1
const ELECTION_MS = 300
const STAGING_STEP_MS = 20
const STAGING_MS = 6000
const JOINT_MS = 100

type Target = Parameters<Group['changeMembers']>[0]

/** One group's log as all brokers see it, in place of Raft: a majority of running replicas commits at once. */
class SharedGroup {
  readonly entries: { header: EntryHeader; batch: Uint8Array }[] = []
  readonly replicas = new Map<BrokerId, MemoryGroup>()
  configuration: Configuration | null = null
  change: { stage: 'staging' | 'joint'; target: Target; cancelled: boolean } | null = null
  lastChange: { outcome: 'done' | 'failed'; reason: string } | null = null
  term: Term = 0
  leader: BrokerId = 0
  offset = 0

  /** Running replicas that vote, under the admission that the configuration means. */
  running(isolated: ReadonlySet<BrokerId>): BrokerId[] {
    const { voters, admissions } = this.configuration!
    return voters.filter((id) => {
      const replica = this.replicas.get(id)
      return replica !== undefined && !isolated.has(id) && replica.admission === (admissions?.[id] ?? 0)
    })
  }

  hasQuorum(isolated: ReadonlySet<BrokerId>): boolean {
    return this.configuration !== null && this.running(isolated).length * 2 > this.configuration.voters.length
  }
}

/** The groups of all brokers of a test. */
export class GroupsWorld {
  readonly clock: ManualClock
  readonly shared = new Map<GroupId, SharedGroup>()
  /** Brokers that neither get nor answer messages. */
  readonly isolated = new Set<BrokerId>()
  /** Replicas that were removed while their group still counted on them. */
  readonly treasons: string[] = []

  constructor(clock: ManualClock) {
    this.clock = clock
  }

  group(id: GroupId): SharedGroup {
    const found = this.shared.get(id) ?? new SharedGroup()
    this.shared.set(id, found)
    return found
  }

  leaderOf(id: GroupId): BrokerId {
    return this.group(id).leader
  }

  /** The broker leads from now on; 0 deposes. */
  elect(id: GroupId, leader: BrokerId): void {
    const shared = this.group(id)
    shared.term++
    shared.leader = leader
    if (shared.change?.stage === 'staging') shared.change = null
    for (const replica of shared.replicas.values()) {
      if (!this.isolated.has(replica.self) || replica.leader === replica.self)
        replica.leadershipChanged(shared.term, leader)
    }
    this.catchUp(id)
  }

  /** As after the death of a leader: another broker takes over after a while. */
  electionSoon(id: GroupId): void {
    this.clock.after(ELECTION_MS, () => {
      const shared = this.group(id)
      if (shared.leader !== 0 || !shared.hasQuorum(this.isolated)) return
      this.elect(id, shared.running(this.isolated).sort((a, b) => a - b)[0]!)
    })
  }

  catchUp(id: GroupId): void {
    const shared = this.group(id)
    for (const replica of shared.replicas.values()) if (!this.isolated.has(replica.self)) replica.catchUp(shared)
  }

  /** The members are these from now on. */
  configure(id: GroupId, { voters, learners, admissions }: Target): void {
    const shared = this.group(id)
    shared.configuration = { voters, learners, outgoing: [], ...(admissions === undefined ? {} : { admissions }) }
    this.catchUp(id)
    if (voters.includes(shared.leader)) return
    this.elect(id, 0)
    this.electionSoon(id)
  }
}

export class MemoryGroup implements Group {
  readonly id: GroupId
  readonly self: BrokerId
  readonly spec: GroupSpec
  readonly admission: number
  readonly published: Uint8Array[] = []
  /** Of each of them. */
  readonly conditions: (PublishCondition | undefined)[] = []
  readonly updates: SpecChanges[] = []
  leader: BrokerId = 0
  term: Term = 0
  highWatermark = 0
  logStart = 0
  firstStored = 0
  sizeBytes = 0
  trouble: string | null = null
  standing: Standing = 'sound'
  /** Entries that it is said to lack; undefined: none, once a broker leads. */
  lacks: number | undefined
  /** What to do with a publish instead of committing it. */
  onPublish: ((batch: Uint8Array) => Promise<PublishResult>) | null = null
  /** The promise that a read at the leader waits for. */
  onConfirmed: (() => Promise<void>) | null = null
  onFetch: ((request: FetchRequest) => Promise<FetchResult>) | null = null
  readonly #world: GroupsWorld
  readonly #tell: (group: GroupId, term: Term, leader: BrokerId) => void
  #applied = 0
  #lost: ((error: TailraceError) => void)[] = []

  constructor(
    world: GroupsWorld,
    self: BrokerId,
    spec: GroupSpec,
    admission: number,
    tell: (group: GroupId, term: Term, leader: BrokerId) => void,
  ) {
    this.#world = world
    this.self = self
    this.id = spec.group
    this.spec = spec
    this.admission = admission
    this.#tell = tell
    this.#applied = spec.stateMachine?.appliedIndex ?? 0
  }

  get missing(): number | null {
    return this.lacks ?? (this.leader === 0 ? null : 0)
  }

  get isLeader(): boolean {
    return this.leader === this.self
  }

  get configuration(): Configuration {
    return this.#world.group(this.id).configuration ?? { voters: [], outgoing: [], learners: [] }
  }

  publish(batch: Uint8Array, condition?: PublishCondition): Promise<PublishResult> {
    if (!this.isLeader) return Promise.reject(new TailraceError('NOT_LEADER'))
    this.published.push(batch)
    this.conditions.push(condition)
    if (this.onPublish !== null) return this.onPublish(batch)
    return new Promise((resolve, reject) => {
      this.#lost.push(reject)
      this.#world.clock.after(COMMIT_MS, () => {
        if (!this.isLeader) return
        const shared = this.#world.group(this.id)
        if (this.#world.isolated.has(this.self) || !shared.hasQuorum(this.#world.isolated)) return
        const records = recordsCountAt(batch, 0)
        const baseOffset = shared.offset
        shared.offset += records
        const lastOffset = shared.offset - 1
        const index = shared.entries.length + 1
        const header = { index, term: this.term, kind: EntryKind.Records, baseOffset, lastOffset, bytes: batch.length }
        shared.entries.push({ header, batch })
        this.#world.catchUp(this.id)
        resolve({ baseOffset, lastOffset, duplicate: false })
      })
    })
  }

  async deleteRecords(before: number): Promise<number> {
    if (!this.isLeader) throw new TailraceError('NOT_LEADER')
    const end = this.#world.group(this.id).offset
    if (before > end) throw new TailraceError('OFFSET_OUT_OF_RANGE', `${before}`)
    this.logStart = Math.max(this.logStart, before === -1 ? end : before)
    return this.logStart
  }

  async changeMembers(target: Target): Promise<void> {
    const { clock } = this.#world
    const shared = this.#world.group(this.id)
    if (!this.isLeader) throw new TailraceError('NOT_LEADER')
    if (shared.change !== null) throw new TailraceError('MEMBERS_CHANGING')
    const change: NonNullable<SharedGroup['change']> = { stage: 'staging', target, cancelled: false }
    shared.change = change
    const pass = (ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve))
    const present = (id: BrokerId): boolean =>
      shared.replicas.get(id)?.admission === (target.admissions?.[id] ?? 0) && !this.#world.isolated.has(id)
    for (let ms = 0; ; ms += STAGING_STEP_MS) {
      await pass(STAGING_STEP_MS)
      if (shared.change !== change || !this.isLeader) throw new TailraceError('OUTCOME_UNKNOWN')
      const missing = [...target.voters, ...target.learners].filter((id) => !this.#isMember(id) && !present(id))
      if (missing.length === 0 && !change.cancelled) break
      if (ms < STAGING_MS && !change.cancelled) continue
      shared.change = null
      shared.lastChange = { outcome: 'failed', reason: change.cancelled ? 'cancelled' : 'unreachable' }
      throw new TailraceError('CHANGE_FAILED', change.cancelled ? 'cancelled' : `${missing} do not answer`)
    }
    change.stage = 'joint'
    await pass(JOINT_MS)
    // The present leader has finished it.
    shared.change = null
    shared.lastChange = { outcome: 'done', reason: '' }
    this.#world.configure(this.id, target)
  }

  cancelChange(): boolean {
    const { change } = this.#world.group(this.id)
    if (change?.stage !== 'staging') return false
    change.cancelled = true
    return true
  }

  async transferLeadership(to: BrokerId): Promise<BrokerId> {
    const shared = this.#world.group(this.id)
    if (!shared.running(this.#world.isolated).includes(to)) throw new TailraceError('TRANSFER_FAILED')
    this.#world.elect(this.id, to)
    return to
  }

  async forceMembers(voters: readonly BrokerId[], aboveTerm: Term = 0): Promise<void> {
    const admissions: Record<number, number> = {}
    for (const id of voters) if (this.configuration.admissions?.[id]) admissions[id] = this.configuration.admissions[id]
    const shared = this.#world.group(this.id)
    shared.change = null
    shared.term = Math.max(shared.term, aboveTerm)
    shared.configuration = { voters, learners: [], outgoing: [], admissions }
    this.#world.elect(this.id, this.self)
  }

  async takeSnapshot() {
    return { index: this.#applied, term: this.term, at: this.#world.clock.now(), bytes: 0 }
  }

  offerSnapshot(): void {}

  update(changes: SpecChanges): void {
    this.updates.push(changes)
  }

  entryStates() {
    const last = { index: this.#applied, term: this.term, kind: null, state: 'applied' as const }
    return last.index === 0 ? [] : [last]
  }

  leadershipChanged(term: Term, leader: BrokerId): void {
    const led = this.isLeader
    this.term = term
    this.leader = leader
    if (led && !this.isLeader) for (const lose of this.#lost) lose(new TailraceError('OUTCOME_UNKNOWN'))
    this.#lost = []
    this.#tell(this.id, term, leader)
  }

  catchUp(shared: SharedGroup): void {
    if (!this.#isMember(this.self)) return
    if (shared.leader !== 0 && this.leader !== shared.leader) this.leadershipChanged(shared.term, shared.leader)
    for (const { header, batch } of shared.entries.slice(this.#applied)) {
      this.spec.stateMachine?.apply(header, batch)
      this.#applied = header.index
    }
    this.highWatermark = shared.offset
  }

  async fetch(request: FetchRequest): Promise<FetchResult> {
    if (this.onFetch !== null) return this.onFetch(request)
    const { entries } = this.#world.group(this.id)
    const isWanted = (last: number): boolean => last >= request.offset && last < this.highWatermark
    const batches = entries.filter(({ header }) => isWanted(header.lastOffset)).map(({ batch }) => batch)
    const bytes = batches.reduce((sum, batch) => sum + batch.length, 0)
    const nextOffset = batches.length > 0 ? this.highWatermark : request.offset
    return { batches, bytes, nextOffset, highWatermark: this.highWatermark, logStart: this.logStart }
  }

  confirmed(): Promise<void> | undefined {
    if (!this.isLeader) throw new TailraceError('NOT_LEADER')
    return this.onConfirmed?.()
  }

  async findOffset(): Promise<{ offset: number; highWatermark: number; logStart: number }> {
    return { offset: this.highWatermark, highWatermark: this.highWatermark, logStart: this.logStart }
  }

  status(): GroupStatus {
    const { change, lastChange, leader } = this.#world.group(this.id)
    const { configuration, highWatermark, logStart, trouble } = this
    const applied = this.#applied
    return {
      role: this.isLeader ? 'leader' : 'follower',
      term: this.term,
      leader: this.leader,
      asleep: false,
      trouble,
      configuration,
      lastChange,
      commitIndex: applied,
      lastIndex: applied,
      durableIndex: applied,
      prevIndex: 0,
      configurationIndex: 0,
      change: change === null ? { stage: 'stable', target: null, round: 0 } : { ...change, round: 0 },
      transferringTo: null,
      electionFactor: 1,
      followers: [],
      installing: null,
      snapshot: null,
      group: this.id,
      voters: configuration.voters,
      highWatermark,
      logStart,
      sizeBytes: this.sizeBytes,
      inSync: leader === this.self ? configuration.voters : [],
    }
  }

  #isMember(id: BrokerId): boolean {
    const { voters, learners } = this.configuration
    return voters.includes(id) || learners.includes(id)
  }
}
