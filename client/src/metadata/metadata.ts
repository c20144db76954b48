import type { BrokerId, Message, PartitionNumber } from '@tailrace/schemas'
import { NO_BROKER, TailraceError } from '@tailrace/schemas'
import { toldAddress } from '../server-address.ts'
import { type ClientSurroundings, machine } from '../surroundings.ts'

/** Where a topic's partitions are led, as brokers last told. Index: partition number. */
export interface TopicRoute {
  readonly name: string
  readonly id: string
  readonly leaders: readonly BrokerId[]
  /** All brokers that hold the partition, the preferred leader first. */
  readonly replicas: readonly (readonly BrokerId[])[]
}

type TopicFields = Message<'MetadataReply'>['topics'][number]

/**
 * What the cluster last told about itself. `version` counts the changes, so that a caller that has looked something up
 * can tell cheaply whether it must look again.
 */
export class Metadata {
  /** Since when (monotonic) lookups have left a known topic out, or have told of another one of its name. */
  readonly #missingSince = new Map<string, number>()
  readonly #topics = new Map<string, TopicRoute>()
  readonly #terms = new Map<string, number[]>()
  readonly #addresses = new Map<BrokerId, string>()
  /** Of the brokers that are alive and have told theirs. */
  readonly #racks = new Map<BrokerId, string>()
  #denied: ReadonlySet<string> = new Set()
  #version = 0
  #clusterId = ''
  readonly #surroundings: ClientSurroundings

  constructor(surroundings: ClientSurroundings = machine) {
    this.#surroundings = surroundings
  }

  get version(): number {
    return this.#version
  }

  get clusterId(): string {
    return this.#clusterId
  }

  /** Topics that the last request named and this client may not see. */
  get denied(): ReadonlySet<string> {
    return this.#denied
  }

  topic(name: string): TopicRoute | undefined {
    return this.#topics.get(name)
  }

  /** ws:// or wss:// address of the partition's leader; undefined while there is none or it is not known. */
  leaderAddress(topic: string, partition: PartitionNumber): string | undefined {
    const leader = this.#topics.get(topic)?.leaders[partition]
    return leader === undefined || leader === NO_BROKER ? undefined : this.#addresses.get(leader)
  }

  /** ws:// or wss:// address of a broker; undefined while it is not known. */
  brokerAddress(broker: BrokerId): string | undefined {
    return this.#addresses.get(broker)
  }

  /** Where a broker stands; undefined: it is not known, or the broker is not alive. */
  rackOf(broker: BrokerId): string | undefined {
    return this.#racks.get(broker)
  }

  /** Addresses of all brokers known. */
  addresses(): string[] {
    return [...this.#addresses.values()]
  }

  /**
   * Takes a reply in. `asked`: topics that the request named. A topic that replies leave out for longer than `graceMs`
   * does not exist any more. If replies tell of another topic of its name for that long, the name belongs to that one:
   * a single broker may be behind. `scheme`: ws or wss. A partition's older term never replaces a newer one: brokers
   * learn of elections at different times.
   * @throws TailraceError MALFORMED_FRAME when a topic's partitions are not numbered from 0 on; nothing was changed
   */
  absorb(reply: Message<'MetadataReply'>, asked: readonly string[], scheme: string, graceMs: number): void {
    reply.topics.forEach(checkPartitions)
    let changed = false
    this.#clusterId = reply.clusterId
    this.#denied = new Set(reply.denied)
    this.#racks.clear()
    for (const { id, alive, rack = '' } of reply.brokers) if (alive && rack !== '') this.#racks.set(id, rack)
    for (const { id, http } of reply.brokers) {
      const address = toldAddress(`${scheme}://${http}`)
      // A broker without an address that can be dialled is reached through the others.
      if (address === undefined || this.#addresses.get(id) === address) continue
      this.#addresses.set(id, address)
      changed = true
    }
    const found = new Set<string>()
    const isAnother = ({ name, id }: TopicFields): boolean => (this.#topics.get(name)?.id ?? id) !== id
    for (const topic of reply.topics) {
      if (isAnother(topic)) continue
      found.add(topic.name)
      if (this.#absorbTopic(topic)) changed = true
    }
    for (const name of asked) {
      if (found.has(name)) this.#missingSince.delete(name)
      else if (this.#isGone(name, graceMs)) changed = true
    }
    for (const topic of reply.topics) if (!this.#topics.has(topic.name) && this.#absorbTopic(topic)) changed = true
    if (changed) this.#version++
  }

  #isGone(name: string, graceMs: number): boolean {
    if (!this.#topics.has(name)) return false
    const now = this.#surroundings.monotonic()
    const since = this.#missingSince.get(name) ?? now
    this.#missingSince.set(name, since)
    if (now - since < graceMs) return false
    this.#missingSince.delete(name)
    this.#terms.delete(name)
    return this.#topics.delete(name)
  }

  /** A topic that is new, or has the id that it had. */
  #absorbTopic({ name, id, partitions }: TopicFields): boolean {
    const known = this.#topics.get(name)
    const leaders = [...(known?.leaders ?? [])]
    const holders = [...(known?.replicas ?? [])]
    const terms = this.#terms.get(name) ?? []
    // Partitions are added and never taken away: a broker that tells of fewer is behind.
    let changed = known === undefined || partitions.length > leaders.length
    for (const { partition, leader, term, replicas } of partitions) {
      if (term < (terms[partition] ?? -1)) continue
      terms[partition] = term
      if (replicas.join() !== holders[partition]?.join()) {
        holders[partition] = replicas
        changed = true
      }
      if (leaders[partition] === leader) continue
      leaders[partition] = leader
      changed = true
    }
    if (!changed) return false
    this.#topics.set(name, { name, id, leaders, replicas: holders })
    this.#terms.set(name, terms)
    return true
  }
}

/**
 * A number beyond the partitions of the reply would create entries for partitions that do not exist.
 * @throws TailraceError MALFORMED_FRAME
 */
function checkPartitions({ name, partitions }: TopicFields): void {
  const numbers = new Set(partitions.map(({ partition }) => partition))
  const isWrong = (number: number): boolean => number < 0 || number >= partitions.length
  if (numbers.size === partitions.length && ![...numbers].some(isWrong)) return
  throw new TailraceError(
    'MALFORMED_FRAME',
    `The ${partitions.length} partitions of "${name}" are not numbered from 0 on.`,
  )
}
