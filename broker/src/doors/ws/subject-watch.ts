import type { Clock } from '../../platform/clock.ts'
import type { Rights } from '../limits/rights.ts'
import type { AnswerWatcher, SharedAnswer } from './shared-answers.ts'
import type { StreamClient } from './stream-client.ts'
import type { Subject } from './subjects/subject.ts'
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
  #last: Pick<SharedAnswer, 'content' | 'error'> | null = null
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
    if (clock.monotonic() - this.#sentAt < freshMs) return
    const [content, { error }] = [this.#contentOf(answer), answer]
    if (content === this.#last?.content && error === this.#last.error) return
    this.#last = { content, error }
    this.#sentAt = clock.monotonic()
    const head = JSON.stringify({ op: 'state', id: this.#id, at: clock.now() }).slice(0, -1)
    client.sendText(`${head},"${this.subject.field}":${content},"error":${error}}`)
  }

  /** Rights can change while the answer does not. */
  #contentOf({ told, content }: SharedAnswer): string {
    const { subject } = this
    if (told === null || subject.shown === undefined) return content
    return JSON.stringify(subject.shown(told, this.#parts.rights))
  }

  fail(error: unknown): void {
    this.#parts.fail(error)
  }
}
