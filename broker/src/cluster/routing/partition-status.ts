import type { BrokerId, GroupId, Offset, Term } from '@tailrace/schemas'
import { NO_BROKER, TailraceError } from '@tailrace/schemas'
import type { Asker, PartitionDescription } from '../../api/broker-api.ts'
import type { Groups } from '../../partition/group.ts'
import type { Peers } from '../../partition/peers.ts'
import { askedBy } from '../../security/identity/asker-fields.ts'
import type { MetadataState, Topic, TopicPartition } from '../metadata/metadata-state.ts'
import type { LeaderDirectory } from './leader-directory.ts'

const REPLY_MS = 2000

/** A leader's figures of a partition. */
export interface Figures {
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
  readonly state: MetadataState
}

/** Figures of partitions, from their leaders: each broker that leads some is asked once for all of them. */
export class PartitionStatus {
  readonly #deps: PartitionStatusDeps
  /** The last figures received, for partitions that no broker leads; one entry a partition, removed with its topic. */
  readonly #last = new Map<GroupId, Figures>()

  constructor(deps: PartitionStatusDeps) {
    this.#deps = deps
  }

  async describe(topic: Topic, asker?: Asker): Promise<PartitionDescription[]> {
    const { brokerId, directory } = this.#deps
    const byLeader = new Map<BrokerId, GroupId[]>()
    for (const { group } of topic.partitions) {
      const { leader } = this.#leaderOf(group)
      if (leader === NO_BROKER) continue
      const asked = byLeader.get(leader)
      if (asked === undefined) byLeader.set(leader, [group])
      else asked.push(group)
    }
    const told = new Map<GroupId, Figures>()
    const unsure = new Set<GroupId>()
    const answers = [...byLeader].map(async ([leader, groups]) => {
      const known = leader === brokerId ? await this.ledHere(groups) : await this.#ask(leader, groups, asker)
      if (known === null) return
      for (const group of groups) unsure.add(group)
      for (const figures of known) {
        unsure.delete(figures.group)
        told.set(figures.group, figures)
        this.#last.set(figures.group, figures)
      }
    })
    await Promise.all(answers)
    return topic.partitions.map((place, partition) => {
      const knownTerm = directory.lookup(place.group).term
      const description = this.#describe(place, partition, knownTerm, told.get(place.group))
      return unsure.has(place.group) ? { ...description, leader: NO_BROKER } : description
    })
  }

  /** For a peer: figures of those groups that this broker leads, and of which it knows all acknowledged records. */
  async ledHere(groups: readonly GroupId[]): Promise<Figures[]> {
    const led = await Promise.all(groups.map((group) => this.#mayTell(group)))
    return groups.flatMap((group, at) => (led[at] ? [this.#figuresHere(group)!] : []))
  }

  /**
   * A leader that has just been elected does not know its end yet: a client that is told this end would miss
   * acknowledged records.
   */
  async #mayTell(group: GroupId): Promise<boolean> {
    try {
      await this.#deps.groups.get(group)?.confirmed()
      return this.#deps.groups.get(group)?.isLeader === true
    } catch {
      return false
    }
  }

  forget(group: GroupId): void {
    this.#last.delete(group)
  }

  #leaderOf(group: GroupId): { leader: BrokerId; term: Term } {
    const local = this.#deps.groups.get(group)
    return local?.isLeader ? { leader: this.#deps.brokerId, term: local.term } : this.#deps.directory.lookup(group)
  }

  /** Null: it does not answer, and its known figures stay. */
  async #ask(leader: BrokerId, groups: readonly GroupId[], asker?: Asker): Promise<Figures[] | null> {
    const { peers, state } = this.#deps
    try {
      const fields = { groups: [...groups], ...askedBy(asker, state.security.version) }
      return (await peers.request(leader, 'PartitionStatus', fields, [], REPLY_MS)).fields.partitions
    } catch (error) {
      if (TailraceError.from(error).code === 'AUTHORIZATION_FAILED') throw error
      // Described as far as it is known, as this call promises.
      return null
    }
  }

  #describe(
    { group, replicas }: TopicPartition,
    partition: number,
    knownTerm: Term,
    told: Figures | undefined,
  ): PartitionDescription {
    const { leader, term } = this.#leaderOf(group)
    const here = this.#figuresHere(group)
    const heard = this.#last.get(group)
    const known = leader !== this.#deps.brokerId && (heard?.term ?? -1) >= (here?.term ?? 0) ? heard : (here ?? heard)
    const { inSync = [], logStart = 0 } = told ?? known ?? {}
    // Without an answer of the leader: both are of the same log, and committed records stay committed.
    const highWatermark = told?.highWatermark ?? Math.max(here?.highWatermark ?? 0, heard?.highWatermark ?? 0)
    return { partition, leader, term: Math.max(term, knownTerm), replicas, inSync, logStart, highWatermark }
  }

  #figuresHere(group: GroupId): Figures | undefined {
    const local = this.#deps.groups.get(group)
    if (local === undefined) return undefined
    const { term, inSync, logStart, highWatermark } = local.status()
    return { group, term, inSync, logStart, highWatermark }
  }
}
