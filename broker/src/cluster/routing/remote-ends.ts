import { type BrokerId, type GroupId, type Offset, TailraceError } from '@tailrace/schemas'
import type { Peers } from '../../partition/peers.ts'
import type { Clock } from '../../platform/clock.ts'

/** A request waits so long at the leader's broker where nothing happens. */
const ROUND_MS = 10_000
/** The time that an answer may take beyond its wait. */
const REPLY_MS = 5000
/** A place at which nobody waits stays so long: readers come back for the next wait. */
const UNUSED_MS = 5000
/** After a failure the other broker is asked by waits for each place, for so long. */
const REST_MS = 5000
/** As after a failure, where the other broker is of an earlier version. */
const EARLIER_VERSION_MS = 60_000
/** `maxItems` of the request. */
const MAX_CHANGES = 10_000

/** 'failed': it is watched no longer, for another reason than that it has moved. */
export type WatchOutcome = 'moved' | 'over' | 'failed'

/** A partition whose end the leader's broker watches. */
export interface WatchedPlace {
  readonly group: GroupId
  readonly offset: Offset
  /** As the leader has said it last; null: it has not. */
  logStart: Offset | null
  /** When the leader's broker was told of it; infinite before. */
  toldAt: number
  /** Each is called once. */
  readonly waiting: Set<(outcome: WatchOutcome) => void>
  /** When the last reader left. */
  unusedSince: number
}

export interface RemoteEndsDeps {
  readonly peers: Pick<Peers, 'request'>
  readonly clock: Clock
}

/**
 * The ends of partitions at which readers wait and nothing happens, at one broker that leads them. One request waits
 * there for all of them, however many they are, and is answered when one has moved. Whatever goes wrong, none is
 * watched any longer, and the readers ask for each.
 */
export class RemoteEnds {
  readonly #leader: BrokerId
  readonly #deps: RemoteEndsDeps
  readonly #places = new Map<GroupId, WatchedPlace>()
  /** Counts them; the leader's broker has one of this broker at a time. */
  #session = 0
  #isRunning = false
  readonly #added = new Set<GroupId>()
  #isFlushing = false
  /** The last round that was answered was sent then. */
  #confirmedAt = Number.NEGATIVE_INFINITY
  #restUntil = Number.NEGATIVE_INFINITY

  constructor(leader: BrokerId, deps: RemoteEndsDeps) {
    this.#leader = leader
    this.#deps = deps
  }

  /** Undefined: it is not watched, or another offset of it is. */
  at(group: GroupId, offset: Offset): WatchedPlace | undefined {
    const place = this.#places.get(group)
    return place?.offset === offset ? place : undefined
  }

  /** Undefined: the other broker cannot do that now, or another offset of the group is watched for others. */
  watch(group: GroupId, offset: Offset, logStart: Offset | null): WatchedPlace | undefined {
    const now = this.#deps.clock.monotonic()
    const known = this.#places.get(group)
    if (known?.offset === offset) return known
    if (now < this.#restUntil || (known !== undefined && known.waiting.size > 0)) return undefined
    const place = {
      group,
      offset,
      logStart,
      toldAt: Number.POSITIVE_INFINITY,
      waiting: new Set<(outcome: WatchOutcome) => void>(),
      unusedSince: now,
    }
    this.#places.set(group, place)
    this.#added.add(group)
    this.#flushSoon()
    return place
  }

  /** 'over': `ms` are, or the signal has fired. */
  wait(place: WatchedPlace, ms: number, signal: AbortSignal | undefined): Promise<WatchOutcome> {
    const { clock } = this.#deps
    return new Promise((resolve) => {
      const settle = (outcome: WatchOutcome): void => {
        place.waiting.delete(settle)
        place.unusedSince = clock.monotonic()
        timer.cancel()
        signal?.removeEventListener('abort', over)
        resolve(outcome)
      }
      const over = (): void => settle('over')
      const timer = clock.after(ms, over)
      signal?.addEventListener('abort', over, { once: true })
      place.waiting.add(settle)
      if (signal?.aborted) over()
    })
  }

  /** Whether the leader's broker has said, to a question that was asked after `since`, that nothing has moved there. */
  isConfirmed(place: WatchedPlace, since: number): boolean {
    return this.#places.get(place.group) === place && this.#confirmedAt > Math.max(since, place.toldAt)
  }

  /** All changes of one turn are sent together. */
  #flushSoon(): void {
    if (this.#isFlushing) return
    this.#isFlushing = true
    this.#deps.clock.soon(() => {
      this.#isFlushing = false
      const begins = !this.#isRunning
      if (begins) this.#session += 1
      this.#isRunning = true
      const session = this.#session
      this.#run(session, begins).catch((error) => this.#fail(session, error))
    })
  }

  async #run(session: number, begins: boolean): Promise<void> {
    const told = this.#tell(session, begins)
    // Behind it on the same link.
    await Promise.all([told, begins ? this.#rounds(session) : null])
  }

  async #tell(session: number, begins: boolean): Promise<void> {
    const sent: Promise<unknown>[] = []
    for (let first = begins; first || this.#added.size > 0; first = false) {
      const added = [...this.#added].slice(0, MAX_CHANGES).map((group) => {
        this.#added.delete(group)
        const place = this.#places.get(group)!
        place.toldAt = this.#deps.clock.monotonic()
        return { group, offset: place.offset }
      })
      sent.push(this.#ask({ session, begins: first, added, dropped: [], waitMs: 0 }))
    }
    await Promise.all(sent)
  }

  async #rounds(session: number): Promise<void> {
    const { clock } = this.#deps
    while (this.#isRunning && this.#session === session) {
      const dropped = this.#dropUnused()
      if (this.#places.size === 0 && dropped.length === 0) {
        this.#isRunning = false
        return
      }
      const waitMs = this.#places.size === 0 ? 0 : ROUND_MS
      const sentAt = clock.monotonic()
      const moved = await this.#ask({ session, begins: false, added: [], dropped, waitMs })
      if (this.#session !== session || !this.#isRunning) return
      if (waitMs === 0) continue
      // It would be asked again at once, without end.
      if (moved.length === 0 && clock.monotonic() - sentAt < ROUND_MS / 2) throw new TailraceError('LEADER_UNAVAILABLE')
      this.#confirmedAt = sentAt
      for (const group of moved) if (!this.#added.has(group)) this.#settle(group, 'moved')
    }
  }

  async #ask(fields: {
    session: number
    begins: boolean
    added: { group: GroupId; offset: Offset }[]
    dropped: GroupId[]
    waitMs: number
  }): Promise<readonly GroupId[]> {
    const { peers } = this.#deps
    const { known, moved } = (await peers.request(this.#leader, 'WatchEnds', fields, [], fields.waitMs + REPLY_MS))
      .fields
    if (!known) throw new TailraceError('LEADER_UNAVAILABLE', 'It knows nothing of what it should watch.')
    return moved
  }

  #dropUnused(): GroupId[] {
    const now = this.#deps.clock.monotonic()
    const dropped: GroupId[] = []
    for (const { group, waiting, unusedSince } of this.#places.values()) {
      if (dropped.length === MAX_CHANGES) break
      if (waiting.size > 0 || now - unusedSince < UNUSED_MS || this.#added.has(group)) continue
      dropped.push(group)
      this.#places.delete(group)
    }
    return dropped
  }

  #settle(group: GroupId, outcome: WatchOutcome): void {
    const place = this.#places.get(group)
    this.#places.delete(group)
    for (const settle of place?.waiting ?? []) settle(outcome)
  }

  #fail(session: number, error: unknown): void {
    if (session !== this.#session || !this.#isRunning) return
    const isEarlier = TailraceError.from(error).code === 'UNSUPPORTED_MESSAGE'
    this.#restUntil = this.#deps.clock.monotonic() + (isEarlier ? EARLIER_VERSION_MS : REST_MS)
    this.#isRunning = false
    this.#added.clear()
    for (const group of [...this.#places.keys()]) this.#settle(group, 'failed')
  }
}
