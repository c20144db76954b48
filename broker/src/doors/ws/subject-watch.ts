import type { Clock } from '../../platform/clock.ts'
import type { Rights } from '../limits/rights.ts'
import type { AnswerWatcher, SharedAnswer } from './shared-answers.ts'
import type { StreamClient } from './stream-client.ts'
import type { Subject } from './subjects.ts'
import type { TextId } from './text-requests.ts'
import { freshMs } from './topic-descriptions.ts'

export interface SubjectWatchParts {
  readonly client: Pick<StreamClient, 'authentication' | 'overfull' | 'sendText'>
  readonly rights: Rights
  readonly clock: Clock
  /** The watch cannot go on. */
  readonly fail: (error: unknown) => void
}

/** One watch of a client that is of a subject: sends its state whenever it is another than the last one. */
export class SubjectWatch implements AnswerWatcher {
  readonly subject: Subject
  readonly #id: TextId
  readonly #parts: SubjectWatchParts
  #last: SharedAnswer | null = null
  #sentAt = Number.NEGATIVE_INFINITY

  constructor(id: TextId, subject: Subject, parts: SubjectWatchParts) {
    this.#id = id
    this.subject = subject
    this.#parts = parts
  }

  /** The client reads what it is sent, and its session is not over. */
  wants(): boolean {
    const { client, rights } = this.#parts
    if (client.overfull || client.authentication.problem() !== null) return false
    this.subject.check(rights)
    return true
  }

  show(answer: SharedAnswer): void {
    const { client, clock } = this.#parts
    const isSame = answer.content === this.#last?.content && answer.error === this.#last.error
    if (isSame || clock.monotonic() - this.#sentAt < freshMs) return
    this.#last = answer
    this.#sentAt = clock.monotonic()
    const head = JSON.stringify({ op: 'state', id: this.#id, at: clock.now() }).slice(0, -1)
    client.sendText(`${head},"${this.subject.field}":${answer.content},"error":${answer.error}}`)
  }

  fail(error: unknown): void {
    this.#parts.fail(error)
  }
}
