import type { BrokerId, GroupId, Offset, Term } from '@tailrace/schemas'
import { NO_BROKER } from '@tailrace/schemas'
import type { Peers } from '../partition/peers.ts'
import type { Groups } from '../partition/types.ts'
import type { PartitionDescription } from './broker-api.ts'
import type { LeaderDirectory } from './leader-directory.ts'
import type { Topic, TopicPartition } from './metadata-state.ts'

export const PARTITION_STATUS_OPERATION = 'partition-status'
const REPLY_MS = 2000

/** What a leader says of a partition. */
interface Figures {
  readonly group: GroupId
  readonly term: Term
  readonly inSync: readonly BrokerId[]
  readonly logStart: Offset
  readonly highWatermark: Offset
}

export interface PartitionStatusDeps {
  readonly brokerId: BrokerId
  readonly groups: Pick<Groups, 'get'>
  readonly directory: LeaderDirectory
  readonly peers: Pick<Peers, 'request'>
}

/** Figures of partitions, from their leaders: each broker that leads some is asked once for all of them. */
export class PartitionStatus {
  readonly #deps: PartitionStatusDeps
  /** The last heard, for partitions that nobody leads; one entry a partition, removed with its topic. */
  readonly #last = new Map<GroupId, Figures>()

  constructor(deps: PartitionStatusDeps) {
    this.#deps = deps
  }

  async describe(topic: Topic): Promise<PartitionDescription[]> {
    const { brokerId, directory } = this.#deps
    const leaders = topic.partitions.map(({ group }) => this.#leaderOf(group))
    const byLeader = new Map<BrokerId, GroupId[]>()
    topic.partitions.forEach(({ group }, partition) => {
      const { leader } = leaders[partition]!
      if (leader === NO_BROKER || leader === brokerId) return
      const asked = byLeader.get(leader)
      if (asked === undefined) byLeader.set(leader, [group])
      else asked.push(group)
    })
    await Promise.all([...byLeader].map(([leader, groups]) => this.#ask(leader, groups)))
    return topic.partitions.map((place, partition) =>
      this.#describe(place, partition, directory.lookup(place.group).term),
    )
  }

  /** For a peer: figures of those groups that this broker leads. */
  ledHere(groups: readonly GroupId[]): Figures[] {
    return groups.flatMap((group) => (this.#deps.groups.get(group)?.isLeader ? [this.#figuresHere(group)!] : []))
  }

  forget(group: GroupId): void {
    this.#last.delete(group)
  }

  #leaderOf(group: GroupId): { leader: BrokerId; term: Term } {
    const local = this.#deps.groups.get(group)
    return local?.isLeader ? { leader: this.#deps.brokerId, term: local.term } : this.#deps.directory.lookup(group)
  }

  /** A leader that does not answer leaves the figures as they are known. */
  async #ask(leader: BrokerId, groups: readonly GroupId[]): Promise<void> {
    try {
      const fields = { operation: PARTITION_STATUS_OPERATION, json: JSON.stringify({ groups }) }
      const reply = await this.#deps.peers.request(leader, 'Admin', fields, [], REPLY_MS)
      for (const figures of JSON.parse(reply.fields.json) as Figures[]) this.#last.set(figures.group, figures)
    } catch {
      // Described as far as it is known: that is what this call promises.
    }
  }

  #describe({ group, replicas }: TopicPartition, partition: number, knownTerm: Term): PartitionDescription {
    const { leader, term } = this.#leaderOf(group)
    const here = this.#figuresHere(group)
    const heard = this.#last.get(group)
    const figures = leader !== this.#deps.brokerId && (heard?.term ?? -1) >= (here?.term ?? 0) ? heard : (here ?? heard)
    const { inSync = [], logStart = 0, highWatermark = 0 } = figures ?? {}
    return { partition, leader, term: Math.max(term, knownTerm), replicas, inSync, logStart, highWatermark }
  }

  #figuresHere(group: GroupId): Figures | undefined {
    const local = this.#deps.groups.get(group)
    if (local === undefined) return undefined
    const { term, inSync, logStart, highWatermark } = local.status()
    return { group, term, inSync, logStart, highWatermark }
  }
}
