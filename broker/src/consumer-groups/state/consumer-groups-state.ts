import type { LogIndex, Term } from '@tailrace/schemas'
import type { ConsumerGroupCommand, RemoveConsumerGroup } from './commands/consumer-group-command.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { newConsumerGroup } from './consumer-group.ts'
import type { CommandOutcome, ConsumerGroupsHead, GroupChange, StoredChanges } from './consumer-group-changes.ts'
import { carriedOut, forgetGroup, refused, storeGroup } from './consumer-group-changes.ts'
import { consumerGroupLimits } from './consumer-group-limits.ts'
import { assign, join, leave, release } from './member-changes.ts'
import { commit, delay, forget, reset } from './position-changes.ts'

/** The changes of one applied entry, for parts that store or use the state. */
export interface AppliedCommands {
  readonly index: LogIndex
  readonly commands: readonly ConsumerGroupCommand[]
  /** One for each command, in their order. */
  readonly outcomes: readonly CommandOutcome[]
  readonly stored: StoredChanges
}

/**
 * The consumer groups of one coordinator: a pure function of the log of its Raft group (docs/design.md). No clock, no
 * randomness, no IO; the same commands in the same order give the same state on every broker, for any part of them that
 * came from a store.
 */
export class ConsumerGroupsState {
  readonly head: ConsumerGroupsHead = { appliedIndex: 0, appliedTerm: 0, lastToken: 0, lastEpoch: 0, nextNumber: 1 }
  readonly #groups = new Map<string, ConsumerGroup>()
  #bytes = 0

  get groups(): ReadonlyMap<string, ConsumerGroup> {
    return this.#groups
  }

  /** An estimate of the memory of all groups. */
  get bytes(): number {
    return this.#bytes
  }

  /** Never throws. A command that is refused changes nothing. */
  apply(index: LogIndex, commands: readonly ConsumerGroupCommand[], term: Term = 0): AppliedCommands {
    this.head.appliedIndex = index
    this.head.appliedTerm = term
    const stored: StoredChanges = new Map()
    const outcomes = commands.map((command) => this.#perform(command, stored))
    return { index, commands, outcomes, stored }
  }

  /** For a state that comes from a store. */
  add(group: ConsumerGroup): void {
    this.#groups.set(group.id, group)
    this.#bytes += group.bytes
  }

  /** Forgets everything, for a state that comes from elsewhere. */
  clear(): void {
    Object.assign(this.head, new ConsumerGroupsState().head)
    this.#groups.clear()
    this.#bytes = 0
  }

  #perform(command: ConsumerGroupCommand, stored: StoredChanges): CommandOutcome {
    const known = this.#groups.get(command.group)
    if (known === undefined) return this.#create(command, stored)
    if (command.type === 'remove') return this.#remove(known, command, stored)
    const { bytes, epoch, emptySince } = known
    const outcome = carryOut(command, this.#changeOf(known, stored))
    this.#bytes += known.bytes - bytes
    if (isEmpty(known)) this.#forget(known, stored)
    else if (known.epoch !== epoch || known.emptySince !== emptySince) storeGroup(known, stored)
    return outcome
  }

  #create(command: ConsumerGroupCommand, stored: StoredChanges): CommandOutcome {
    const { type, group: id, at } = command
    if (type === 'commit' || type === 'delay') return refused('FENCED_MEMBER')
    if (type !== 'join' && type !== 'reset') return refused('UNKNOWN_CONSUMER_GROUP')
    if (this.#groups.size >= consumerGroupLimits.groups) return refused('CONSUMER_GROUPS_FULL')
    const group = newConsumerGroup(id, this.head.nextNumber, at)
    const outcome = carryOut(command, this.#changeOf(group, stored))
    // It was refused, or set no position.
    if (isEmpty(group)) return outcome
    this.head.nextNumber += 1
    this.add(group)
    storeGroup(group, stored)
    return outcome
  }

  #remove(group: ConsumerGroup, { emptyBefore }: RemoveConsumerGroup, stored: StoredChanges): CommandOutcome {
    const { emptySince } = group
    if (emptySince === null) return refused('CONSUMER_GROUP_ACTIVE')
    if (emptyBefore !== undefined && emptySince > emptyBefore) return refused('CONSUMER_GROUP_ACTIVE')
    this.#forget(group, stored)
    return carriedOut
  }

  #forget(group: ConsumerGroup, stored: StoredChanges): void {
    this.#groups.delete(group.id)
    this.#bytes -= group.bytes
    forgetGroup(group, stored)
  }

  #changeOf(group: ConsumerGroup, stored: StoredChanges): GroupChange {
    return { group, head: this.head, full: this.#bytes >= consumerGroupLimits.bytes, stored }
  }
}

type GroupCommand = Exclude<ConsumerGroupCommand, RemoveConsumerGroup>

function carryOut(command: GroupCommand, change: GroupChange): CommandOutcome {
  switch (command.type) {
    case 'join':
      return join(change, command)
    case 'leave':
      return leave(change, command)
    case 'release':
      return release(change, command)
    case 'assign':
      return assign(change, command)
    case 'commit':
      return commit(change, command)
    case 'delay':
      return delay(change, command)
    case 'reset':
      return reset(change, command)
    case 'forget':
      return forget(change, command)
  }
}

/** Nothing is left that a later member would need; tokens and epochs grow over all groups. */
function isEmpty({ members, topics, delayed }: ConsumerGroup): boolean {
  return members.size === 0 && topics.size === 0 && delayed.size === 0
}
