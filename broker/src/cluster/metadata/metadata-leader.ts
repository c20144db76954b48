import type { BrokerId } from '@tailrace/schemas'
import { METADATA_GROUP, TailraceError } from '@tailrace/schemas'
import type { TopicConfig } from '../../api/broker-api.ts'
import type { Groups } from '../../partition/group.ts'
import type { Clock } from '../../platform/clock.ts'
import { withDeadline } from '../../platform/timing/deadline.ts'
import type { Command, DeleteTopic, IdentifiedCommand } from './commands/command.ts'
import { decodeCommand, encodeCommand, nameOfUnreadable } from './commands/command.ts'
import type { AssignReplicas, SetTopicConfig } from './commands/topic-commands.ts'
import type { Applied, CommandResult, MetadataState } from './metadata-state.ts'
import { type LoadFigures, placedLoad } from './placed-load.ts'
import { placePartitions } from './placement.ts'
import { rackedBroker } from './racks.ts'
import { isAnother } from './required-topic.ts'

/**
 * A request to the metadata; the leader turns it into a command by deciding the open parts. `topicId` beside a name:
 * the id of the topic; missing or empty: the topic that has the name.
 */
export type Intent =
  | Exclude<
      Command,
      { type: 'create-topic' | 'delete-topic' | 'set-topic-config' | 'assign-replicas' | 'add-partitions' }
    >
  | (DeleteTopic & { readonly topicId?: string })
  | (SetTopicConfig & { readonly topicId?: string })
  | AssignReplicasFrom
  | PlacedIntent

/** `from`: the replicas that it starts from, in order; else it is refused. Missing: any. */
type AssignReplicasFrom = AssignReplicas & { readonly from?: readonly BrokerId[] }

/** Those whose commands name brokers, which the leader chooses. */
type PlacedIntent =
  | {
      readonly type: 'create-topic'
      readonly name: string
      readonly topicId: string
      readonly config: TopicConfig
      readonly partitions: number
      readonly replicas: number
    }
  /** `partitions`: how many the topic is to have, with those that it has. */
  | {
      readonly type: 'add-partitions'
      readonly name: string
      readonly topicId: string
      readonly partitions: number
    }
export interface IdentifiedIntent {
  readonly id: string
  readonly intent: Intent
}

const MAX_PENDING = 1000

export interface MetadataLeaderDeps {
  readonly groups: Pick<Groups, 'get'>
  readonly clock: Clock
  readonly state: MetadataState
  /** Brokers that may get replicas: those that are up and not to be emptied. */
  readonly living: () => readonly BrokerId[]
  /** What brokers hold; null: that is not known here. */
  readonly figures: () => LoadFigures | null
  /** That one broker may hold. */
  readonly mostReplicas: number
  /** Why an intent is not proposed at all; null: it is. Applying it decides finally. */
  readonly refusal: (intent: Intent) => (CommandResult & { ok: false }) | null
  /** Why this broker does not apply commands any more; null: it does. */
  readonly unreadable: () => TailraceError | null
}

interface Waiting {
  readonly resolve: (result: CommandResult) => void
  readonly reject: (error: TailraceError) => void
}

/** Puts commands into group 0 while this broker leads it, and returns their results. */
export class MetadataLeader {
  readonly #deps: MetadataLeaderDeps
  readonly #waiting = new Map<string, Waiting>()
  /** Attempts in flight, so that an impatient retry joins the first instead of proposing again. */
  readonly #running = new Map<string, Promise<CommandResult>>()
  /** Partitions are placed one topic after the other: each placement must see the one before. */
  #lastPlacement: Promise<unknown> = Promise.resolve()
  /** The last wish for the replicas of each partition for which there is one in flight. */
  readonly #lastWishes = new Map<string, Promise<unknown>>()

  constructor(deps: MetadataLeaderDeps) {
    this.#deps = deps
  }

  /**
   * Resolves when the command is committed and applied here.
   * @throws TailraceError NOT_LEADER: not proposed; OUTCOME_UNKNOWN: proposed, may be applied later; OVERLOADED;
   * NEWER_FORMAT
   */
  execute({ id, intent }: IdentifiedIntent, timeoutMs: number): Promise<CommandResult> {
    const group = this.#deps.groups.get(METADATA_GROUP)
    if (group === undefined || !group.isLeader) return Promise.reject(new TailraceError('NOT_LEADER'))
    const unreadable = this.#deps.unreadable()
    if (unreadable !== null) return Promise.reject(unreadable)
    const known = this.#deps.state.resultOf(id)
    if (known !== undefined) return Promise.resolve(known)
    const running = this.#running.get(id) ?? this.#start(id, intent)
    return withDeadline(this.#deps.clock, timeoutMs, running, () => {
      throw new TailraceError('OUTCOME_UNKNOWN')
    })
  }

  /**
   * An intent of a newer broker that this one does not know, by its name. Only the leader refuses it: the broker that
   * leads may know it.
   * @throws TailraceError NOT_LEADER
   */
  refuseUnknown(name: string): CommandResult {
    if (!this.#deps.groups.get(METADATA_GROUP)?.isLeader) throw new TailraceError('NOT_LEADER')
    return unreadableCommand(`"${name}"`)
  }

  /** Follows the state machine. */
  applied({ id, result }: Applied): void {
    this.#waiting.get(id)?.resolve(result)
  }

  /** No command is applied any more, so no waiting caller will get its result. */
  giveUp(error: TailraceError): void {
    for (const { reject } of this.#waiting.values()) reject(error)
  }

  #start(id: string, intent: Intent): Promise<CommandResult> {
    // Before it counts: an intent of a newer broker must not block those that can be read.
    const unreadable = isPlaced(intent) ? null : refuseUnreadable(encodeCommand({ id, command: intent }, 0))
    if (unreadable !== null) return Promise.resolve(unreadable)
    if (this.#running.size >= MAX_PENDING) return Promise.reject(new TailraceError('OVERLOADED'))
    const refusal = this.#deps.refusal(intent)
    if (refusal !== null) return Promise.resolve(refusal)
    const running = this.#carryOut(id, intent).finally(() => this.#running.delete(id))
    this.#running.set(id, running)
    return running
  }

  #carryOut(id: string, intent: Intent): Promise<CommandResult> {
    switch (intent.type) {
      case 'create-topic':
        return this.#afterPlacements(() => this.#create(id, intent))
      case 'add-partitions':
        return this.#afterPlacements(() => this.#addPartitions(id, intent))
      case 'delete-topic':
      case 'set-topic-config': {
        const { topicId = '', ...command } = intent
        return topicId === '' ? this.#propose({ id, command }) : this.#ifStillMeant(id, command, topicId)
      }
      case 'assign-replicas':
        return this.#afterWish(`${intent.topicId}/${intent.partition}`, () => this.#assign(id, intent))
      default:
        return this.#propose({ id, command: intent })
    }
  }

  /**
   * The log names topics by their names. A decision made here holds when the command is applied: all decisions of
   * former leaders are applied by now, and this one proposes a new topic of a name only once the deletion of the one
   * before is applied.
   */
  async #ifStillMeant(id: string, command: DeleteTopic | SetTopicConfig, topicId: string): Promise<CommandResult> {
    const { groups, state } = this.#deps
    await groups.get(METADATA_GROUP)?.confirmed()
    const present = state.topics.get(command.name)
    if (present === undefined) return { ok: false, code: 'UNKNOWN_TOPIC', detail: `"${command.name}"` }
    if (present.id === topicId) return this.#propose({ id, command })
    return { ok: false, code: 'TOPIC_ID_MISMATCH', detail: isAnother(command.name, present.id, topicId) }
  }

  #afterPlacements(place: () => Promise<CommandResult>): Promise<CommandResult> {
    const placed = this.#lastPlacement.then(place)
    this.#lastPlacement = placed.catch(() => {})
    return placed
  }

  /** What one wish starts from is known when those before it are applied. */
  #afterWish(place: string, carryOut: () => Promise<CommandResult>): Promise<CommandResult> {
    const before = this.#lastWishes.get(place) ?? Promise.resolve()
    const wish = before.then(carryOut)
    const settled = wish
      .catch(() => {})
      .then(() => {
        if (this.#lastWishes.get(place) === settled) this.#lastWishes.delete(place)
      })
    this.#lastWishes.set(place, settled)
    return wish
  }

  async #assign(id: string, { from = [], ...command }: AssignReplicasFrom): Promise<CommandResult> {
    if (from.length === 0) return this.#propose({ id, command })
    const { groups, state } = this.#deps
    await groups.get(METADATA_GROUP)?.confirmed()
    const present = state.topicsById.get(command.topicId)?.partitions[command.partition]
    // A topic or a partition that is gone is refused where the command is applied.
    if (present === undefined || present.replicas.join() === from.join()) return this.#propose({ id, command })
    const detail = `Its replicas are ${present.replicas.join(',')}, not ${from.join(',')}.`
    return { ok: false, code: 'MEMBERS_CHANGING', detail }
  }

  async #create(id: string, intent: Intent & { type: 'create-topic' }): Promise<CommandResult> {
    const { name, topicId, config } = intent
    const { state, refusal } = this.#deps
    // Applying decides this finally; asking before spares a placement.
    if (state.topics.has(name) && state.topics.get(name)!.id !== topicId) {
      return { ok: false, code: 'TOPIC_EXISTS', detail: `"${name}"` }
    }
    // The placements before it have taken their room by now.
    const refused = refusal(intent)
    if (refused !== null) return refused
    const partitions = this.#place(intent.partitions, intent.replicas)
    return this.#propose({ id, command: { type: 'create-topic', name, topicId, config, partitions } })
  }

  /** A topic that has as many already stays as it is, so that a retry is no error. */
  async #addPartitions(id: string, intent: Intent & { type: 'add-partitions' }): Promise<CommandResult> {
    const { groups, state, refusal } = this.#deps
    await groups.get(METADATA_GROUP)?.confirmed()
    const topic = state.topics.get(intent.name)
    if (topic === undefined) return { ok: false, code: 'UNKNOWN_TOPIC', detail: `"${intent.name}"` }
    if (topic.id !== intent.topicId) {
      return { ok: false, code: 'TOPIC_ID_MISMATCH', detail: isAnother(topic.name, topic.id, intent.topicId) }
    }
    const refused = refusal(intent)
    if (refused !== null) return refused
    const first = topic.partitions.length
    if (intent.partitions === first) return { ok: true, index: state.head.appliedIndex }
    const partitions = this.#place(intent.partitions - first, topic.partitions[0]!.replicas.length)
    return this.#propose({ id, command: { type: 'add-partitions', topicId: topic.id, first, partitions } })
  }

  #place(partitions: number, replicas: number): { replicas: readonly BrokerId[] }[] {
    const { living, state, figures, mostReplicas } = this.#deps
    const racked = living().map((id) => rackedBroker(state.brokers.get(id)!))
    const load = placedLoad(state, figures(), mostReplicas)
    return placePartitions(racked, load, partitions, replicas).map((chosen) => ({ replicas: chosen }))
  }

  /** Commit and application are reported separately, in any order; the answer is complete when both have come. */
  async #propose(command: IdentifiedCommand): Promise<CommandResult> {
    const { groups, clock } = this.#deps
    const group = groups.get(METADATA_GROUP)
    if (group === undefined) throw new TailraceError('NOT_LEADER')
    const batch = encodeCommand(command, clock.now())
    const refusal = refuseUnreadable(batch)
    if (refusal !== null) return refusal
    const applied = new Promise<CommandResult>((resolve, reject) => this.#waiting.set(command.id, { resolve, reject }))
    applied.catch(() => {})
    try {
      await group.publish(batch)
      return await applied
    } finally {
      this.#waiting.delete(command.id)
    }
  }
}

/** The command of such an intent is made once its brokers are chosen. */
function isPlaced(intent: Intent): intent is PlacedIntent {
  return intent.type === 'create-topic' || intent.type === 'add-partitions'
}

/** A command that this broker could not apply is not proposed. */
function refuseUnreadable(batch: Uint8Array): (CommandResult & { ok: false }) | null {
  return decodeCommand(batch) === null ? unreadableCommand(nameOfUnreadable(batch)) : null
}

function unreadableCommand(name: string): CommandResult & { ok: false } {
  return { ok: false, code: 'UNSUPPORTED_MESSAGE', detail: `The metadata leader cannot read the command ${name}.` }
}
