import type { BrokerId, EntryHeader, GroupId, Term } from '@tailrace/schemas'
import { EntryKind, recordsCountAt, TailraceError } from '@tailrace/schemas'
import type { FetchRequest, FetchResult, PublishResult } from '../../partition/requests.ts'
import type { Group, GroupSpec, GroupStatus, Groups } from '../../partition/types.ts'
import type { VirtualClock } from './virtual-clock.ts'

const COMMIT_MS = 1
const ELECTION_MS = 300

/** One group's log as all brokers see it, in place of Raft: a majority of running replicas commits at once. */
class SharedGroup {
  readonly entries: { header: EntryHeader; batch: Uint8Array }[] = []
  readonly replicas = new Map<BrokerId, FakeGroup>()
  term: Term = 0
  leader: BrokerId = 0
  offset = 0
}

/** The groups of all brokers of a test. */
export class GroupsWorld {
  readonly clock: VirtualClock
  readonly shared = new Map<GroupId, SharedGroup>()
  /** Brokers that hear and answer nobody. */
  readonly isolated = new Set<BrokerId>()

  constructor(clock: VirtualClock) {
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

  /** The broker leads from now on, if a majority runs; 0 deposes. */
  elect(id: GroupId, leader: BrokerId): void {
    const shared = this.group(id)
    shared.term++
    shared.leader = leader
    for (const replica of shared.replicas.values()) {
      if (!this.isolated.has(replica.self) || replica.leader === replica.self)
        replica.leadershipChanged(shared.term, leader)
    }
    this.catchUp(id)
  }

  /** As after the death of a leader: somebody else takes over after a while. */
  electionSoon(id: GroupId): void {
    this.clock.after(ELECTION_MS, () => {
      const shared = this.group(id)
      if (shared.leader !== 0) return
      const running = [...shared.replicas.keys()].filter((broker) => !this.isolated.has(broker)).sort((a, b) => a - b)
      const voters = [...shared.replicas.values()][0]?.spec.voters ?? []
      if (running.length * 2 > voters.length) this.elect(id, running[0]!)
    })
  }

  catchUp(id: GroupId): void {
    const shared = this.group(id)
    for (const replica of shared.replicas.values()) if (!this.isolated.has(replica.self)) replica.catchUp(shared)
  }
}

export class FakeGroup implements Group {
  readonly id: GroupId
  readonly self: BrokerId
  readonly spec: GroupSpec
  readonly published: Uint8Array[] = []
  leader: BrokerId = 0
  term: Term = 0
  highWatermark = 0
  logStart = 0
  /** What to do with a publish instead of committing it. */
  onPublish: ((batch: Uint8Array) => Promise<PublishResult>) | null = null
  onFetch: ((request: FetchRequest) => Promise<FetchResult>) | null = null
  readonly #world: GroupsWorld
  readonly #tell: (group: GroupId, term: Term, leader: BrokerId) => void
  #applied = 0
  #lost: ((error: TailraceError) => void)[] = []

  constructor(
    world: GroupsWorld,
    self: BrokerId,
    spec: GroupSpec,
    tell: (group: GroupId, term: Term, leader: BrokerId) => void,
  ) {
    this.#world = world
    this.self = self
    this.id = spec.group
    this.spec = spec
    this.#tell = tell
    this.#applied = spec.stateMachine?.appliedIndex ?? 0
  }

  get isLeader(): boolean {
    return this.leader === this.self
  }

  publish(batch: Uint8Array): Promise<PublishResult> {
    if (!this.isLeader) return Promise.reject(new TailraceError('NOT_LEADER'))
    this.published.push(batch)
    if (this.onPublish !== null) return this.onPublish(batch)
    return new Promise((resolve, reject) => {
      this.#lost.push(reject)
      this.#world.clock.after(COMMIT_MS, () => {
        if (!this.isLeader) return
        const shared = this.#world.group(this.id)
        const running = [...shared.replicas.keys()].filter((broker) => !this.#world.isolated.has(broker))
        if (this.#world.isolated.has(this.self) || running.length * 2 <= this.spec.voters.length) return
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

  leadershipChanged(term: Term, leader: BrokerId): void {
    const led = this.isLeader
    this.term = term
    this.leader = leader
    if (led && !this.isLeader) for (const lose of this.#lost) lose(new TailraceError('OUTCOME_UNKNOWN'))
    this.#lost = []
    this.#tell(this.id, term, leader)
  }

  catchUp(shared: SharedGroup): void {
    for (const { header, batch } of shared.entries.slice(this.#applied)) {
      this.spec.stateMachine?.apply(header, batch)
      this.#applied = header.index
    }
    this.highWatermark = shared.offset
  }

  async fetch(request: FetchRequest): Promise<FetchResult> {
    if (this.onFetch !== null) return this.onFetch(request)
    const batches = this.#world
      .group(this.id)
      .entries.filter(({ header }) => header.lastOffset >= request.offset && header.lastOffset < this.highWatermark)
      .map(({ batch }) => batch)
    const bytes = batches.reduce((sum, batch) => sum + batch.length, 0)
    const nextOffset = batches.length > 0 ? this.highWatermark : request.offset
    return { batches, bytes, nextOffset, highWatermark: this.highWatermark, logStart: this.logStart }
  }

  async findOffset(): Promise<{ offset: number; highWatermark: number; logStart: number }> {
    return { offset: this.highWatermark, highWatermark: this.highWatermark, logStart: this.logStart }
  }

  status(): GroupStatus {
    const raft = { role: this.isLeader ? 'leader' : 'follower', term: this.term, leader: this.leader } as const
    const figures = { commitIndex: this.#applied, lastIndex: this.#applied, durableIndex: this.#applied, followers: [] }
    const { highWatermark, logStart } = this
    const inSync = this.isLeader ? this.spec.voters : []
    return {
      ...raft,
      ...figures,
      group: this.id,
      voters: this.spec.voters,
      inSync,
      highWatermark,
      logStart,
      sizeBytes: 0,
    }
  }
}

/** One broker's groups in that world. */
export class FakeGroups implements Groups {
  onLeadership: Groups['onLeadership'] = () => {}
  readonly received: unknown[] = []
  readonly opened: GroupSpec[] = []
  readonly removed: GroupId[] = []
  failOpen = 0
  readonly #world: GroupsWorld
  readonly #self: BrokerId
  readonly #groups = new Map<GroupId, FakeGroup>()

  constructor(world: GroupsWorld, self: BrokerId) {
    this.#world = world
    this.#self = self
  }

  async open(spec: GroupSpec): Promise<Group> {
    if (this.failOpen > 0 && spec.group !== 0) {
      this.failOpen--
      throw new TailraceError('INTERNAL', 'open fails')
    }
    this.opened.push(spec)
    const shared = this.#world.group(spec.group)
    const group = new FakeGroup(this.#world, this.#self, spec, (...news) => this.onLeadership(...news))
    this.#groups.set(spec.group, group)
    shared.replicas.set(this.#self, group)
    if (shared.leader !== 0) group.leadershipChanged(shared.term, shared.leader)
    const majority = shared.replicas.size * 2 > spec.voters.length
    this.#world.catchUp(spec.group)
    if (shared.leader === 0 && majority) {
      if (spec.preferred) this.#world.elect(spec.group, this.#self)
      else this.#world.electionSoon(spec.group)
    }
    return group
  }

  get(id: GroupId): FakeGroup | undefined {
    return this.#groups.get(id)
  }

  all(): Iterable<Group> {
    return this.#groups.values()
  }

  async remove(id: GroupId): Promise<void> {
    this.removed.push(id)
    this.#groups.delete(id)
    this.#world.group(id).replicas.delete(this.#self)
  }

  receive(...message: unknown[]): void {
    this.received.push(message)
  }

  link(): void {}

  answer(): Promise<never> {
    return Promise.reject(new TailraceError('UNKNOWN_PARTITION'))
  }

  /** The process is gone. */
  async close(): Promise<void> {
    for (const id of this.#groups.keys()) {
      const shared = this.#world.group(id)
      shared.replicas.delete(this.#self)
      if (shared.leader !== this.#self) continue
      this.#world.elect(id, 0)
      this.#world.electionSoon(id)
    }
    this.#groups.clear()
  }
}
