import type { BrokerId, GroupId, Message, Offset } from '@tailrace/schemas'
import type { Groups } from '../../partition/group.ts'
import type { Clock } from '../../platform/clock.ts'

/** A place that nothing happens at is asked for again this often, in case a move has been missed. */
const LONGEST_WATCH_MS = 600_000
/** Of one broker; beyond it a place counts as moved at once, and its readers wait by requests of their own. */
const MAX_PLACES = 250_000
/** `maxItems` of the answer; the others come with the next one. */
const MAX_MOVED = 10_000
const LONGEST_WAIT_MS = 30_000

export interface WatchedEndsDeps {
  readonly groups: Pick<Groups, 'get'>
  readonly clock: Clock
}

/** One for all: without a reason of ours each `abort` makes an exception with a stack of its own. */
const notWatched = new Error('No reader of the other broker waits for this any more.')

/** The ends at which readers of one other broker wait. */
interface Session {
  readonly id: number
  readonly places: Map<GroupId, AbortController>
  readonly moved: Set<GroupId>
  /** Ends the wait that is open. */
  wake: () => void
}

/**
 * The ends of partitions led here at which readers of other brokers wait. Each of these brokers is told which have
 * moved: they have records, the topic is gone, or this broker leads no longer. A place that is told without reason
 * costs a request.
 */
export class WatchedEnds {
  readonly #deps: WatchedEndsDeps
  readonly #sessions = new Map<BrokerId, Session>()

  constructor(deps: WatchedEndsDeps) {
    this.#deps = deps
  }

  /** Changes the session before the first await. */
  async answer(
    from: BrokerId,
    { session: id, begins, added, dropped, waitMs }: Message<'WatchEnds'>,
  ): Promise<{ known: boolean; moved: GroupId[] }> {
    if (begins) this.#begin(from, id)
    const session = this.#sessions.get(from)
    if (session?.id !== id) return { known: false, moved: [] }
    for (const group of dropped) drop(session, group)
    for (const { group, offset } of added) this.#watch(session, group, offset)
    if (waitMs === 0) return { known: true, moved: [] }
    await this.#untilMoved(session, Math.min(waitMs, LONGEST_WAIT_MS))
    const moved = [...session.moved].slice(0, MAX_MOVED)
    for (const group of moved) session.moved.delete(group)
    return { known: this.#sessions.get(from) === session, moved }
  }

  /** The link to the broker is down: it asks anew. */
  end(from: BrokerId): void {
    const session = this.#sessions.get(from)
    if (session === undefined) return
    this.#sessions.delete(from)
    for (const abort of session.places.values()) abort.abort(notWatched)
    session.places.clear()
    session.wake()
  }

  #begin(from: BrokerId, id: number): void {
    this.end(from)
    this.#sessions.set(from, { id, places: new Map(), moved: new Set(), wake: () => {} })
  }

  #watch(session: Session, group: GroupId, offset: Offset): void {
    drop(session, group)
    const abort = new AbortController()
    const moved = (): void => {
      if (session.places.get(group) !== abort) return
      session.places.delete(group)
      session.moved.add(group)
      session.wake()
    }
    const isFull = session.places.size >= MAX_PLACES
    session.places.set(group, abort)
    const local = this.#deps.groups.get(group)
    if (isFull || local === undefined || !local.isLeader) moved()
    else local.fetch({ offset, maxBytes: 1, waitMs: LONGEST_WATCH_MS, signal: abort.signal }).then(moved, moved)
  }

  /** Resolves at the end of the turn in which a place has moved, so that one answer tells all of them. */
  #untilMoved(session: Session, waitMs: number): Promise<void> {
    session.wake()
    const { clock } = this.#deps
    return new Promise((resolve) => {
      let isWoken = false
      const timer = clock.after(waitMs, resolve)
      session.wake = () => {
        if (isWoken) return
        isWoken = true
        timer.cancel()
        clock.soon(resolve)
      }
      if (session.moved.size > 0) session.wake()
    })
  }
}

function drop({ places, moved }: Session, group: GroupId): void {
  places.get(group)?.abort(notWatched)
  places.delete(group)
  moved.delete(group)
}
