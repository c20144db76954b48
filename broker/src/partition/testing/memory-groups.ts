import type { BrokerId, GroupId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { Group, GroupSpec, Groups } from '../group.ts'
import { type GroupsWorld, MemoryGroup } from './memory-group.ts'

/** One broker's groups in that world. `logs`: the content of its disk, by the admission of the replica. */
export class MemoryGroups implements Groups {
  onLeadership: Groups['onLeadership'] = () => {}
  readonly received: unknown[] = []
  readonly opened: GroupSpec[] = []
  readonly removed: GroupId[] = []
  readonly awake = 0
  failOpen = 0
  /** Of `sealTokens`, in hexadecimal digits. */
  secret = ''
  readonly #world: GroupsWorld
  readonly #self: BrokerId
  readonly #logs: Map<GroupId, number>
  readonly #groups = new Map<GroupId, MemoryGroup>()

  constructor(world: GroupsWorld, self: BrokerId, logs: Map<GroupId, number>) {
    this.#world = world
    this.#self = self
    this.#logs = logs
  }

  async open(spec: GroupSpec): Promise<Group> {
    if (this.failOpen > 0 && spec.group !== 0) {
      this.failOpen--
      throw new TailraceError('INTERNAL', 'open fails')
    }
    this.opened.push(spec)
    const shared = this.#world.group(spec.group)
    const admission = this.#logs.get(spec.group) ?? spec.admission ?? 0
    this.#logs.set(spec.group, admission)
    const group = new MemoryGroup(this.#world, this.#self, spec, admission, (...news) => this.onLeadership(...news))
    this.#groups.set(spec.group, group)
    shared.replicas.set(this.#self, group)
    if (spec.voters.length > 0) shared.configuration ??= { voters: spec.voters, outgoing: [], learners: [] }
    this.#world.catchUp(spec.group)
    if (shared.leader === 0 && shared.hasQuorum(this.#world.isolated)) {
      if (spec.preferred) this.#world.elect(spec.group, this.#self)
      else this.#world.electionSoon(spec.group)
    }
    return group
  }

  sealTokens(secret: Uint8Array): void {
    this.secret = Buffer.from(secret).toString('hex')
  }

  get(id: GroupId): MemoryGroup | undefined {
    return this.#groups.get(id)
  }

  all(): Iterable<MemoryGroup> {
    return this.#groups.values()
  }

  stored(): Iterable<GroupId> {
    return this.#logs.keys()
  }

  allOpened(): void {}
  readonly recoveredBlock = 0
  async distrustDisk(): Promise<boolean> {
    return true
  }

  async remove(id: GroupId): Promise<void> {
    const { configuration, replicas } = this.#world.group(id)
    const { voters, admissions } = configuration ?? { voters: [] as readonly BrokerId[] }
    if (voters.includes(this.#self) && (admissions?.[this.#self] ?? 0) === this.#logs.get(id)) {
      this.#world.treasons.push(`${this.#self} removes ${id}`)
    }
    this.removed.push(id)
    this.#groups.delete(id)
    this.#logs.delete(id)
    replicas.delete(this.#self)
  }

  answer(): Promise<never> {
    return Promise.reject(new TailraceError('UNSUPPORTED_MESSAGE'))
  }

  tooLarge(): void {}

  told(): void {}

  receive(...message: unknown[]): void {
    this.received.push(message)
  }

  link(): void {}

  /** The process is gone. */
  async close(): Promise<void> {
    for (const id of this.#groups.keys()) {
      const shared = this.#world.group(id)
      shared.replicas.delete(this.#self)
      // A leader without the answers of a majority steps down, too.
      if (shared.leader !== this.#self && (shared.leader === 0 || shared.hasQuorum(this.#world.isolated))) continue
      this.#world.elect(id, 0)
      this.#world.electionSoon(id)
    }
    this.#groups.clear()
  }
}
