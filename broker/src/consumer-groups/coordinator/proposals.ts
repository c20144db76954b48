import type { Term } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { Group } from '../../partition/group.ts'
import type { Clock } from '../../platform/clock.ts'
import { encodeConsumerGroupCommands } from '../state/commands/command-codec.ts'
import { isConsumerGroupCommand } from '../state/commands/command-fields.ts'
import type { ConsumerGroupCommand } from '../state/commands/consumer-group-command.ts'
import type { CommandOutcome } from '../state/consumer-group-changes.ts'

/** Commands that wait for their outcome; beyond it requests are refused. */
const MOST_WAITING = 10_000
/** Characters of the commands of one entry, as JSON; a longer command is an entry of its own. */
const ENTRY_CHARACTERS = 256 * 1024

interface Waiting {
  readonly command: ConsumerGroupCommand
  readonly characters: number
  readonly resolve: (outcome: CommandOutcome) => void
  readonly reject: (error: TailraceError) => void
}

export interface ProposalsDeps {
  readonly term: Term
  readonly leader: Pick<Group, 'publish' | 'isLeader' | 'term'>
  readonly clock: Clock
}

/**
 * Puts commands into the log of a coordinator while it leads in one term. Those of one turn make one entry, so that
 * thousands of commits cost one round of the disks. Entries of one term are applied in the order in which they were
 * proposed: so the outcomes of each entry belong to the oldest proposal.
 */
export class Proposals {
  readonly #deps: ProposalsDeps
  #next: Waiting[] = []
  /** Entries in the log, in their order. */
  readonly #proposed: (readonly Waiting[])[] = []
  #waiting = 0
  #scheduled = false
  #ended: TailraceError | null = null

  constructor(deps: ProposalsDeps) {
    this.#deps = deps
  }

  /**
   * Resolves when the command is committed and applied here.
   * @throws TailraceError OVERLOADED, INVALID_REQUEST, NOT_LEADER: not proposed; OUTCOME_UNKNOWN: it may be applied
   * later
   */
  propose(command: ConsumerGroupCommand): Promise<CommandOutcome> {
    if (this.#ended !== null) return Promise.reject(this.#ended)
    if (this.#waiting >= MOST_WAITING) return Promise.reject(new TailraceError('OVERLOADED'))
    // One that cannot be read must not spoil the others of its entry.
    if (!isConsumerGroupCommand(command)) {
      return Promise.reject(new TailraceError('INVALID_REQUEST', 'A field is wrong or too long.'))
    }
    return new Promise((resolve, reject) => {
      this.#waiting += 1
      this.#next.push({ command, characters: JSON.stringify(command).length, resolve, reject })
      if (this.#scheduled) return
      this.#scheduled = true
      this.#deps.clock.soon(() => this.#flush())
    })
  }

  /** The state machine has applied an entry of this term. Returns the groups that its commands are about. */
  applied(outcomes: readonly CommandOutcome[]): string[] {
    const entry = this.#proposed.shift() ?? []
    this.#waiting -= entry.length
    entry.forEach(({ resolve, reject }, at) => {
      const outcome = outcomes[at]
      if (outcome === undefined) reject(new TailraceError('OUTCOME_UNKNOWN'))
      else resolve(outcome)
    })
    return entry.map(({ command }) => command.group)
  }

  /** The leadership is over, or nothing is applied any more. */
  end(error: TailraceError): void {
    if (this.#ended !== null) return
    this.#ended = error
    const open = new TailraceError('OUTCOME_UNKNOWN')
    for (const entry of this.#proposed.splice(0)) for (const { reject } of entry) reject(open)
    for (const { reject } of this.#next.splice(0)) reject(error)
  }

  #flush(): void {
    this.#scheduled = false
    if (this.#ended !== null) return
    const { leader, term } = this.#deps
    while (this.#next.length > 0) {
      if (!leader.isLeader || leader.term !== term) {
        this.end(new TailraceError('NOT_LEADER'))
        return
      }
      this.#publish(this.#takeEntry())
    }
  }

  #takeEntry(): readonly Waiting[] {
    let characters = 0
    let count = 0
    for (const waiting of this.#next) {
      if (count > 0 && characters + waiting.characters > ENTRY_CHARACTERS) break
      characters += waiting.characters
      count += 1
    }
    return this.#next.splice(0, count)
  }

  #publish(entry: readonly Waiting[]): void {
    this.#proposed.push(entry)
    const batch = encodeConsumerGroupCommands(entry.map(({ command }) => command))
    const work = async () => this.#deps.leader.publish(batch)
    work().catch((error: unknown) => this.#refused(entry, TailraceError.from(error)))
  }

  /** What was refused before it had a place in the log is not waited for. */
  #refused(entry: readonly Waiting[], error: TailraceError): void {
    const at = this.#proposed.indexOf(entry)
    if (at < 0) return
    this.#proposed.splice(at, 1)
    this.#waiting -= entry.length
    for (const { reject } of entry) reject(error)
  }
}
