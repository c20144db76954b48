import { TailraceError } from '@tailrace/schemas'
import { RequestSlots } from '../../cluster/routing/request-slots.ts'
import type { Clock, TimerHandle } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { Subject, WatchedServices } from './subjects/subject.ts'
import { everyMs, freshMs } from './topic-descriptions.ts'

/** Subjects that are asked for at one time. */
const mostAtOnce = 16
/** Watchers that are shown an answer in one turn of the event loop. */
const watchersInATurn = 32

/** What was told of a subject last. While nothing changes it is the same object. Rights are not applied. */
export interface SharedAnswer {
  /** As the subject has answered; null: there is nothing. */
  readonly told: unknown
  /** `told` in JSON. */
  readonly content: string
  /** Why `content` is no newer, or null: there is none; 'null': it is as new as it can be. */
  readonly error: string
}

export interface AnswerWatcher {
  readonly subject: Subject
  /** It may be shown an answer now. @throws TailraceError it may not be shown any more */
  wants(): boolean
  /** @throws TailraceError as `wants` */
  show(answer: SharedAnswer): void
  /** It cannot go on: `wants` or `show` has thrown this error. */
  fail(error: unknown): void
}

const nothing = { told: null, content: 'null' }

interface Entry {
  readonly subject: Subject
  readonly watchers: Set<AnswerWatcher>
  answer: SharedAnswer | null
  /** Monotonic milliseconds. */
  askedAt: number
  /** Null: it is asked for at present. */
  timer: TimerHandle | null
}

/**
 * Answers about subjects for all watchers of a broker: each subject is asked for a second after its last answer,
 * however many watch it, and not at all while nobody does. One that answers late holds up no other.
 */
export class SharedAnswers {
  readonly #services: WatchedServices
  readonly #clock: Clock
  readonly #log: Logger
  readonly #slots = new RequestSlots(mostAtOnce, Number.POSITIVE_INFINITY)
  readonly #entries = new Map<string, Entry>()

  constructor(services: WatchedServices, clock: Clock, log: Logger) {
    this.#services = services
    this.#clock = clock
    this.#log = log
  }

  /** The number of subjects that are remembered. */
  get size(): number {
    return this.#entries.size
  }

  /** It is shown the answer as soon as that is known, then every second until it is removed. */
  add(watcher: AnswerWatcher): void {
    const { subject } = watcher
    const known = this.#entries.get(subject.key)
    const entry = known ?? {
      subject,
      watchers: new Set(),
      answer: null,
      askedAt: Number.NEGATIVE_INFINITY,
      timer: null,
    }
    this.#entries.set(subject.key, entry)
    entry.watchers.add(watcher)
    // It is asked for: the answer is shown to all.
    if (known !== undefined && known.timer === null) return
    if (this.#clock.monotonic() - entry.askedAt < freshMs) this.#show(entry, watcher)
    else {
      entry.timer?.cancel()
      this.#turn(entry)
    }
  }

  /** Its subject is remembered until its next turn: who comes and goes asks no more often. */
  remove(watcher: AnswerWatcher): void {
    this.#entries.get(watcher.subject.key)?.watchers.delete(watcher)
  }

  /** Nothing is asked any more, and nothing may be added. */
  close(): void {
    for (const { watchers, timer } of this.#entries.values()) {
      watchers.clear()
      timer?.cancel()
    }
    this.#entries.clear()
  }

  #turn(entry: Entry): void {
    entry.timer = null
    if (entry.watchers.size === 0) {
      this.#entries.delete(entry.subject.key)
      return
    }
    this.#round(entry)
      .catch((error) => {
        for (const watcher of [...entry.watchers]) watcher.fail(error)
      })
      .finally(() => {
        if (this.#entries.get(entry.subject.key) === entry)
          entry.timer = this.#clock.after(everyMs, () => this.#turn(entry))
      })
  }

  async #round(entry: Entry): Promise<void> {
    const wanted = [...entry.watchers].filter((watcher) => this.#guard(watcher, () => watcher.wants()))
    if (wanted.length === 0) return
    await this.#slots.run(() => this.#ask(entry))
    for (const [at, watcher] of [...entry.watchers].entries()) {
      this.#show(entry, watcher)
      if ((at + 1) % watchersInATurn === 0) await new Promise<void>((resolve) => this.#clock.soon(resolve))
    }
  }

  async #ask(entry: Entry): Promise<void> {
    entry.askedAt = this.#clock.monotonic()
    const before = entry.answer
    let answer: SharedAnswer
    try {
      const told = await entry.subject.ask(this.#services)
      answer = { told, content: JSON.stringify(told), error: 'null' }
    } catch (thrown) {
      if (!(thrown instanceof TailraceError)) this.#log.error({ err: thrown }, 'asking for what is watched failed')
      const error = TailraceError.concealed(thrown)
      // Until somebody answers again, the last answer is the best that is known; of what is gone there is none.
      const { told, content } = (error.retriable && before) || nothing
      answer = { told, content, error: JSON.stringify(error) }
    }
    if (answer.content !== before?.content || answer.error !== before.error) entry.answer = answer
  }

  #show({ answer, watchers }: Entry, watcher: AnswerWatcher): void {
    if (answer === null || !watchers.has(watcher)) return
    this.#guard(watcher, () => {
      if (watcher.wants()) watcher.show(answer)
      return true
    })
  }

  #guard(watcher: AnswerWatcher, act: () => boolean): boolean {
    try {
      return act()
    } catch (error) {
      watcher.fail(error)
      return false
    }
  }
}
