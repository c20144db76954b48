import type { Assignment, BrokerId } from '@tailrace/schemas'
import { Backoff, TailraceError } from '@tailrace/schemas'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { Random } from '../../platform/random.ts'
import { pause } from '../../platform/timing/pause.ts'
import type { CascadeBeatReply } from '../wire/cascade-messages.ts'
import type { CascadeIdentity } from './identity.ts'
import { fitSources, sourceCandidates } from './source-choice.ts'
import type { SourceSession } from './source-session.ts'

export interface UplinkDeps {
  readonly brokerId: BrokerId
  readonly identity: CascadeIdentity
  readonly given: readonly string[]
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** As SourceSession.open. */
  readonly open: (address: string) => Promise<SourceSession>
}

const pauses = { firstMs: 100, maxMs: 2_000 }
/** An assigned source that cannot be reached from here is not tried again before. */
const moveAgainMs = 30_000

/**
 * Keeps a source for this broker: finds one, takes another when that dies, and moves to the one that it is assigned.
 */
export class Uplink {
  readonly #deps: UplinkDeps
  readonly #listeners = new Set<() => void>()
  readonly #notBefore = new Map<string, number>()
  #given: readonly string[]
  #session: SourceSession | null = null
  #last: CascadeBeatReply | null = null
  #withoutSince: number
  #changes = 0
  #moving = false
  #closed = false
  #refusal = ''
  /** See SourceChoice. */
  #silent = ''

  constructor(deps: UplinkDeps) {
    this.#deps = deps
    // Brokers started with one list of sources spread over it before the leader assigns them.
    const first = deps.random.below(deps.given.length)
    this.#given = [...deps.given.slice(first), ...deps.given.slice(0, first)]
    this.#withoutSince = deps.clock.monotonic()
  }

  get session(): SourceSession | null {
    return this.#session
  }
  /** The last answer of the last source; null: none since the start. */
  get last(): CascadeBeatReply | null {
    return this.#last
  }
  /** The last source's level + 1, or 0. */
  get level(): number {
    return this.#last === null ? 0 : this.#last.level + 1
  }
  get changes(): number {
    return this.#changes
  }
  /** Why no broker could be the source when all were tried last. */
  get refusal(): string {
    return this.#refusal
  }
  /** This broker and all brokers that it copies from, directly or not. */
  get ancestors(): readonly BrokerId[] {
    return [this.#deps.brokerId, ...(this.#session === null ? [] : this.#session.reply.ancestors)]
  }

  withoutMs(): number {
    return this.#session === null ? this.#deps.clock.monotonic() - this.#withoutSince : 0
  }

  start(): void {
    void this.#run()
  }

  close(): void {
    this.#closed = true
    this.#session?.close()
    this.#session = null
    this.#changed()
  }

  /** The session, as soon as there is one. @throws TailraceError LEADER_UNAVAILABLE after `timeoutMs`, SHUTTING_DOWN */
  async whenSession(timeoutMs: number): Promise<SourceSession> {
    const deadline = this.#deps.clock.monotonic() + timeoutMs
    for (;;) {
      if (this.#closed) throw new TailraceError('SHUTTING_DOWN')
      if (this.#session !== null) return this.#session
      const left = deadline - this.#deps.clock.monotonic()
      if (left <= 0) throw new TailraceError('LEADER_UNAVAILABLE', 'This cascade broker has no source at the moment.')
      await this.#nextChange(left)
    }
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#deps
    const backoff = new Backoff(pauses, (bound) => random.below(bound))
    while (!this.#closed) {
      if (this.#session !== null) {
        backoff.reset()
        await this.#nextChange(pauses.maxMs)
      } else if (!(await this.#find())) {
        await pause(clock, backoff.next())
      }
    }
  }

  async #find(): Promise<boolean> {
    const { brokerId, identity, logger } = this.#deps
    const { known, home, pinned } = identity.fields
    const cluster = this.#last?.cluster ?? null
    const withoutMs = this.withoutMs()
    const choice = { self: brokerId, given: this.#given, known, cluster, home, pinned, withoutMs, silent: this.#silent }
    const refusals = new Set<string>()
    for (const address of sourceCandidates(choice)) {
      try {
        const session = await this.#deps.open(address)
        if (this.#closed || this.#session !== null) session.close()
        else await this.#adopt(session)
        return true
      } catch (error) {
        const { code, message } = error as TailraceError
        refusals.add(message)
        logger.warn({ address, code, error: message }, 'this broker cannot be the source')
      }
    }
    this.#refusal = [...refusals].join(' ')
    return false
  }

  async #adopt(session: SourceSession): Promise<void> {
    const { clock, identity, logger } = this.#deps
    const before = this.#session
    before?.close()
    this.#session = session
    this.#changes++
    session.onLost = (error) => {
      if (this.#session !== session) return
      logger.warn({ source: session.source, error: error.message }, 'the source is lost')
      this.#session = null
      this.#silent = session.fellSilent ? session.address : ''
      this.#withoutSince = clock.monotonic()
      this.#changed()
    }
    session.onReply = (reply) => this.#onReply(session, reply)
    const { reply, address, source } = session
    logger.info({ source, address, level: reply.level + 1 }, 'copying from this source')
    const { clusterId, home } = identity.fields
    // The cluster of the records must be on the disk before the first of them.
    if (clusterId === '') await identity.change({ clusterId: reply.clusterId })
    if (home === 0) await identity.change({ home: reply.level + 1 })
    try {
      await session.start()
    } catch (error) {
      if (this.#session === session) this.#session = null
      session.close()
      throw error
    } finally {
      this.#changed()
    }
  }

  #onReply(session: SourceSession, reply: CascadeBeatReply): void {
    this.#last = reply
    const { brokerId, identity } = this.#deps
    const { pinned } = identity.fields
    const own = reply.assignments.find(({ broker }) => broker === brokerId)
    // An operator's choice stands without being repeated.
    const wish = own ?? (pinned === 0 ? undefined : { broker: brokerId, source: pinned, pin: null })
    if (wish !== undefined) {
      this.#obey(session, wish).catch((error: unknown) => {
        this.#deps.logger.error({ err: error, source: wish.source }, 'an assignment could not be carried out')
      })
    }
    const known = fitSources(reply.cluster, identity.fields.home, brokerId)
    if (known.length > 0 && known.join() !== identity.fields.known.join()) void this.#remember({ known })
  }

  async #obey(session: SourceSession, { source, pin }: Assignment): Promise<void> {
    const { identity } = this.#deps
    const { pinned, home, ownHome = home } = identity.fields
    if (pin === 0 && pinned !== 0) await this.#remember({ pinned: 0, home: ownHome })
    const target = session.reply.cluster.brokers.find(({ id }) => id === source)
    if (target !== undefined && source !== 0 && source !== session.source) await this.#move(session, target)
    // Stored only once the broker has moved: a choice that closes a cycle must not come back at each start.
    const current = this.#session
    if (!pin || pin === identity.fields.pinned || current?.source !== pin) return
    await this.#remember({ pinned: pin, home: current.reply.level + 1, ownHome })
  }

  async #move(session: SourceSession, { id, http }: { readonly id: BrokerId; readonly http: string }): Promise<void> {
    const { clock, logger } = this.#deps
    if (this.#moving || (this.#notBefore.get(http) ?? 0) > clock.monotonic()) return
    this.#moving = true
    try {
      const next = await this.#deps.open(http)
      if (this.#closed || (this.#session !== session && this.#session !== null)) return next.close()
      logger.info({ from: session.source, to: id }, 'moving to the assigned source')
      await this.#adopt(next)
    } catch (error) {
      this.#notBefore.set(http, clock.monotonic() + moveAgainMs)
      logger.warn({ source: id, error: (error as Error).message }, 'the assigned source cannot be used; staying')
    } finally {
      this.#moving = false
    }
  }

  async #remember(change: Parameters<CascadeIdentity['change']>[0]): Promise<void> {
    try {
      await this.#deps.identity.change(change)
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'the learnt addresses could not be stored')
    }
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  #nextChange(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel()
        this.#listeners.delete(done)
        resolve()
      }
      const timer = this.#deps.clock.after(ms, done)
      this.#listeners.add(done)
    })
  }
}
