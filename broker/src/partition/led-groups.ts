import type { GroupId, Term } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { Logger } from '../platform/logger.ts'
import type { Group, Groups } from './group.ts'

/** The state machine of a replica. */
export interface LedMachine {
  /** Why it applies nothing any more. */
  readonly unreadable: TailraceError | null
  close(): Promise<void>
}

/** What a broker does with a group as long as it leads it. */
export interface TermLeader {
  readonly term: Term
  end(error: TailraceError): void
}

export interface LedGroupsDeps<Machine, Leader> {
  readonly groups: Pick<Groups, 'get'>
  /** `leader.confirmed()` has resolved: the machine has all that a former leader has acknowledged. */
  readonly begin: (leader: Group, machine: Machine, group: GroupId) => Leader
  /** Another one leads here now. */
  readonly begun?: () => void
  /** What is logged where this broker cannot begin to lead yet. */
  readonly cannotBegin: string
  readonly logger: Logger
}

/**
 * The groups of one kind of which this broker has replicas, each with its state machine; and what leads them: for each
 * group that this broker leads, in the term in which it leads it.
 */
export class LedGroups<Machine extends LedMachine, Leader extends TermLeader> {
  readonly #deps: LedGroupsDeps<Machine, Leader>
  readonly #machines = new Map<GroupId, Machine>()
  readonly #leading = new Map<GroupId, Leader>()
  #isClosed = false

  constructor(deps: LedGroupsDeps<Machine, Leader>) {
    this.#deps = deps
  }

  get machines(): ReadonlyMap<GroupId, Machine> {
    return this.#machines
  }

  get leading(): ReadonlyMap<GroupId, Leader> {
    return this.#leading
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** What leads the group, if that began in this term. */
  inTerm(group: GroupId, term: Term): Leader | undefined {
    const leader = this.#leading.get(group)
    return leader?.term === term ? leader : undefined
  }

  /** `open` resolves with the machine of the replica, which takes the place of the one before. @throws as `open` */
  async open(group: GroupId, open: () => Promise<Machine>): Promise<Machine> {
    await this.#machines.get(group)?.close()
    const machine = await open()
    this.#machines.set(group, machine)
    return machine
  }

  /** The replica is off the disk. */
  async forget(group: GroupId): Promise<void> {
    this.end(group)
    await this.#machines.get(group)?.close()
    this.#machines.delete(group)
  }

  /**
   * The leader of the group, which is here or nowhere: a forwarded request is never forwarded again (M39).
   * @throws TailraceError NOT_LEADER, NEWER_FORMAT
   */
  async leaderOf(group: GroupId): Promise<Leader> {
    const leader = this.#deps.groups.get(group)
    if (leader === undefined || !leader.isLeader) throw new TailraceError('NOT_LEADER')
    // Before that the state lacks what a former leader has acknowledged.
    await leader.confirmed()
    return this.#begun(group, leader)
  }

  /** This broker may have become the leader of a group, or be it no longer. What it leads begins, asked for or not. */
  leadershipChanged(group: GroupId): void {
    const leader = this.#deps.groups.get(group)
    const known = this.#leading.get(group)
    if (known !== undefined && !(leader?.isLeader && leader.term === known.term)) this.end(group)
    if (leader?.isLeader && this.#machines.has(group)) void this.#begin(group)
  }

  end(group: GroupId): void {
    const leader = this.#leading.get(group)
    this.#leading.delete(group)
    leader?.end(new TailraceError('NOT_LEADER'))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const group of [...this.#leading.keys()]) this.end(group)
    for (const machine of this.#machines.values()) await machine.close()
  }

  async #begin(group: GroupId): Promise<void> {
    try {
      await this.leaderOf(group)
    } catch (error) {
      this.#deps.logger.info({ group, err: error }, this.#deps.cannotBegin)
    }
  }

  #begun(group: GroupId, leader: Group): Leader {
    const machine = this.#machines.get(group)
    if (this.#isClosed || machine === undefined || !leader.isLeader) throw new TailraceError('NOT_LEADER')
    if (machine.unreadable !== null) throw machine.unreadable
    const known = this.inTerm(group, leader.term)
    if (known !== undefined) return known
    this.end(group)
    const begun = this.#deps.begin(leader, machine, group)
    this.#leading.set(group, begun)
    this.#deps.begun?.()
    return begun
  }
}
