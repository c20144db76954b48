import type { Offset } from '@tailrace/schemas'
import { contradiction, type Operation } from '../../linearizability/linearizability.ts'

/** A partition as conditions see it. */
interface Ends {
  readonly end: Offset
  /** The highest fencing token; -1: none. */
  readonly fence: number
}

/** What a client has asked for; a field that is missing is no condition. */
export interface Asked {
  readonly expectedOffset?: Offset
  readonly fence?: number
  /** Records; 0: the fence alone. */
  readonly count: number
}

/** The answer; null: none, or one that leaves open whether it took effect. */
export type Answered =
  | { readonly baseOffset: Offset }
  | { readonly endOffset: Offset }
  | { readonly fence: number }
  | null

const NEVER = Number.POSITIVE_INFINITY

/** The conditional publishes to one partition, as all clients saw them, and the ends that they were told. */
export class ConditionHistory {
  readonly #operations: Operation<Ends>[] = []
  accepted = 0
  refused = 0

  get size(): number {
    return this.#operations.length
  }

  /**
   * `attempts`: how often it was sent. A token may be accepted with an attempt whose batch is not: then the batch is
   * written by a later one, or never.
   */
  published(asked: Asked, invoked: number, returned: number, answered: Answered, attempts: number): void {
    const name = `${JSON.stringify(asked)} is answered ${JSON.stringify(answered)} at ${invoked} to ${returned}`
    const until = answered === null ? NEVER : returned
    if (answered !== null) 'baseOffset' in answered ? this.accepted++ : this.refused++
    if (asked.fence !== undefined && (attempts > 1 || answered === null)) {
      const raise = { fence: asked.fence, count: 0 }
      const apply = (state: Ends): Ends | null => outcome(raise, state).after
      // Whether it happened is not known.
      this.#operations.push({ name: `the fence of ${name}`, invoked, returned: NEVER, apply })
    }
    this.#operations.push({
      name,
      invoked,
      returned: until,
      apply(state) {
        const { after, answer } = outcome(asked, state)
        if (answered === null) return after
        return sameAnswer(answer, answered) ? (after ?? state) : null
      },
    })
  }

  /** A linearizable read. */
  read(invoked: number, returned: number, end: Offset): void {
    const apply = (state: Ends): Ends | null => (state.end === end ? state : null)
    this.#operations.push({ name: `the end is ${end} at ${invoked} to ${returned}`, invoked, returned, apply })
  }

  /** Null: one order of all explains every answer. */
  contradiction(): string | null {
    return contradiction(this.#operations, { end: 0, fence: -1 }, ({ end, fence }) => `end ${end}, fence ${fence}`)
  }
}

/** What a partition in this state must do. `after` null: nothing is written. */
function outcome({ expectedOffset, fence = -1, count }: Asked, state: Ends): { after: Ends | null; answer: Answered } {
  if (fence >= 0 && fence < state.fence) return { after: null, answer: { fence: state.fence } }
  if (expectedOffset !== undefined && expectedOffset !== state.end) {
    return { after: null, answer: { endOffset: state.end } }
  }
  const after = { end: state.end + count, fence: Math.max(state.fence, fence) }
  return { after, answer: { baseOffset: state.end } }
}

function sameAnswer(one: Answered, other: Answered): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
