import type { BrokerId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { Clock, TimerHandle } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { MessageSockets } from '../../platform/message-socket.ts'
import type { Copies } from '../copies/copies.ts'
import { AskedBeats } from '../wire/asked-beats.ts'
import type { CascadeBeatReply } from '../wire/cascade-messages.ts'
import type { CopiedTables } from './copied-tables.ts'
import { type CopyCounts, Follower } from './follower.ts'
import { readTables } from './security-pages.ts'
import { type BeatDeps, sendBeat } from './source-beat.ts'
import { SourceLink } from './source-link.ts'
import { readTopics } from './topic-pages.ts'

export interface SessionDeps extends BeatDeps {
  readonly copies: Copies
  /** Absent: users, tokens, rules and quotas are not copied. */
  readonly security?: Pick<CopiedTables, 'digest' | 'take'>
  readonly clock: Clock
  readonly sockets: MessageSockets
  /** The credential for sources, at the time of the connection; null, or absent: none. */
  readonly token?: () => string | null
  /** Whether sources that ask for a certificate know this broker by it; absent: not. */
  readonly certified?: () => boolean
  readonly logger: Logger
  readonly writable: () => boolean
  readonly counts: CopyCounts
}

export const beatMs = 1_000
/** Least time between two beats, also when beats are requested at once. */
const leastBeatMs = 100
/**
 * After so many beats without any message on the connection the source counts as dead. Counted in beats and not
 * in milliseconds: a process that was stopped for a while has messages of the source to read.
 */
export const mostSilentBeats = 3
/** A source that refuses beats for so long is left. */
const refusedMs = mostSilentBeats * beatMs
const firstAnswerMs = 3_000
/** Of a later beat: records may stand before the answer on the connection. */
const answerMs = 10_000
/** A beat without an answer is followed by another after this time: a source forgets a broker after five seconds. */
const unansweredMs = 2 * beatMs

/**
 * The connection to one source, for as long as that lives: beats, topics and records. Its end or its silence is the end
 * of the session, which never comes back: its owner opens another.
 */
export class SourceSession {
  readonly address: string
  /** Once, when the source is gone or refuses. */
  onLost: (error: TailraceError) => void = () => {}
  /** After each beat, when the topics that are new can be copied. */
  onReply: (reply: CascadeBeatReply) => void = () => {}
  readonly #deps: SessionDeps
  readonly #link: SourceLink
  readonly #beats: AskedBeats
  readonly #follower: Follower
  #reply: CascadeBeatReply
  /** The last answer, until it is taken. */
  #untaken: CascadeBeatReply | null
  #taking = false
  #topics: ReadonlyMap<string, string> = new Map()
  #digest = ''
  #answeredAt: number
  #silentBeats = 0
  #fellSilent = false
  #timer: TimerHandle | null = null
  #unanswered = 0
  #sentAt = 0
  #forward: Promise<SourceLink> | null = null
  #over = false
  /** Why the tables could not be read, as it was logged. */
  #problem = ''

  private constructor(
    address: string,
    deps: SessionDeps,
    link: SourceLink,
    beats: AskedBeats,
    first: CascadeBeatReply,
  ) {
    this.address = address
    this.#deps = deps
    this.#link = link
    this.#beats = beats
    this.#reply = first
    this.#untaken = first
    this.#answeredAt = deps.clock.monotonic()
    const onLost = (reason: string): void => this.#lose(lost(`${address}: ${reason}`))
    link.onLost = onLost
    this.#follower = new Follower({
      ...deps,
      link,
      onLost,
      openLink: () => this.#open(),
      askingLink: () => this.forward(),
      onGone: () => this.hurry(),
    })
  }

  /**
   * Asks a broker whether it will be the source.
   * @throws TailraceError as sendBeat
   */
  static async open(address: string, deps: SessionDeps): Promise<SourceSession> {
    const link = await SourceLink.open(address, deps.sockets, deps.clock, deps.token?.())
    try {
      const beats = new AskedBeats()
      const first = await sendBeat(link, address, deps, beats, firstAnswerMs)
      return new SourceSession(address, deps, link, beats, first)
    } catch (error) {
      link.close()
      throw error
    }
  }

  get reply(): CascadeBeatReply {
    return this.#reply
  }
  /** It is over because the source did not answer any more: its machine, or the way to it, may be gone. */
  get fellSilent(): boolean {
    return this.#fellSilent
  }
  /** The source's number. */
  get source(): BrokerId {
    return this.#reply.broker
  }

  /** Begins to copy. @throws TailraceError CONNECTION_LOST: it is over already; the error of taking the first answer */
  async start(): Promise<void> {
    if (this.#over) throw lost(this.address)
    this.#timer = this.#deps.clock.every(beatMs, () => this.#tick())
    await this.#takeAll()
  }

  /** Sends the next beat now. */
  hurry(): void {
    if (this.#unanswered > 0 || this.#deps.clock.monotonic() - this.#answeredAt < leastBeatMs) return
    void this.#beat()
  }

  /**
   * The connection for forwarded requests: its own, opened when there are any. Publishes may wait for a
   * quorum, and a source reads no further on a connection on which too many requests wait: beats would wait as well.
   */
  forward(): Promise<SourceLink> {
    if (this.#over) return Promise.reject(lost(this.address))
    if (this.#forward !== null) return this.#forward
    const opening = this.#open()
    this.#forward = opening
    opening.then(
      (link) => {
        if (this.#over) link.close()
        link.onLost = () => {
          if (this.#forward === opening) this.#forward = null
          this.hurry()
        }
      },
      () => {
        this.#forward = null
        this.hurry()
      },
    )
    return opening
  }

  /** Ends it; `onLost` is not called. */
  close(): void {
    if (this.#over) return
    this.#over = true
    this.#timer?.cancel()
    this.#follower.close()
    this.#link.close()
    this.#forward?.then(
      (link) => link.close(),
      () => {},
    )
  }

  #open(): Promise<SourceLink> {
    const { sockets, clock, token } = this.#deps
    return SourceLink.open(this.address, sockets, clock, token?.())
  }

  #tick(): void {
    this.#silentBeats = this.#link.hasSpoken() ? 0 : this.#silentBeats + 1
    if (this.#silentBeats >= mostSilentBeats) {
      this.#fellSilent = true
      this.#lose(lost(`${this.address} has been silent for ${(mostSilentBeats * beatMs) / 1000} s`))
      return
    }
    const isPatient = this.#deps.clock.monotonic() - this.#sentAt < unansweredMs
    if (this.#unanswered === 0 || !isPatient) void this.#beat()
  }

  async #beat(): Promise<void> {
    if (this.#over) return
    this.#unanswered++
    this.#sentAt = this.#deps.clock.monotonic()
    try {
      const reply = await sendBeat(this.#link, this.address, this.#deps, this.#beats, answerMs)
      this.#answeredAt = this.#deps.clock.monotonic()
      this.#untaken = reply
    } catch (error) {
      this.#onRefusal(error)
    } finally {
      this.#unanswered--
    }
    try {
      await this.#takeAll()
    } catch (error) {
      this.#onRefusal(error)
    }
  }

  /** One answer after the other; of those that have come meanwhile the last one. */
  async #takeAll(): Promise<void> {
    if (this.#taking) return
    this.#taking = true
    try {
      for (let reply = this.#untaken; reply !== null && !this.#over; reply = this.#untaken) {
        this.#untaken = null
        await this.#take(reply)
      }
    } finally {
      this.#taking = false
    }
  }

  async #take(reply: CascadeBeatReply): Promise<void> {
    const { copies } = this.#deps
    this.#reply = reply
    await this.#takeTables(reply)
    const told = reply.topics === this.#digest ? null : await readTopics(this.#link, this.address)
    if (told !== null) {
      await copies.update(told.topics, told.version)
      this.#digest = told.digest
      const copied = told.topics.filter(({ name }) => copies.copies(name))
      this.#topics = new Map(copied.map(({ name, id }) => [name, id]))
    } else if (reply.topics === this.#digest) {
      await copies.forgetMissing([...this.#topics.values()], reply.topicsVersion)
    }
    if (this.#over) return
    this.onReply(reply)
    if (!this.#over) void this.#follower.follow(this.#topics)
  }

  /** Only a broker with a credential of its own is told them. What is refused stays as it is, and is asked again. */
  async #takeTables({ security: digest = '' }: CascadeBeatReply): Promise<void> {
    const { security, token, certified, logger } = this.#deps
    const isKnown = token?.() != null || certified?.() === true
    if (security === undefined || !isKnown || digest === '' || digest === security.digest) return
    try {
      const told = await readTables(this.#link, this.address)
      if (told !== null) await security.take(told)
      this.#problem = ''
    } catch (error) {
      const { message } = TailraceError.from(error)
      if (message !== this.#problem) logger.warn({ err: error }, 'users, tokens, rules and quotas stay as they were')
      this.#problem = message
    }
  }

  #onRefusal(error: unknown): void {
    const known = TailraceError.concealed(error)
    const refused = this.#deps.clock.monotonic() - this.#answeredAt
    if (!known.retriable || known.code === 'TIMED_OUT' || refused > refusedMs) this.#lose(known)
  }

  #lose(error: TailraceError): void {
    if (this.#over) return
    this.close()
    this.onLost(error)
  }
}

function lost(detail: string): TailraceError {
  return new TailraceError('CONNECTION_LOST', `${detail}.`)
}
