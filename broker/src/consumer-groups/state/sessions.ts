import { disconnectGraceMs } from '@tailrace/schemas'

/** A member of a group, as the coordinator knows it. */
export interface SessionOf {
  readonly group: string
  readonly member: string
}

/** How a beat has come: see ConsumerGroupBeat. */
export interface Carried {
  readonly number?: number
  readonly via?: string
}

interface Session extends SessionOf {
  readonly sessionMs: number
  /** On the clock of the sessions. */
  deadline: number
  /** Where it is looked at again, at the deadline or before. */
  slot: number
  /** It has run out, and the member's removal is being decided: a beat that comes now is too late. */
  over: boolean
  /** Of the latest beat, in the order in which the member has sent them; infinite: one had no number. */
  number: number
  /** The connection on which that beat has come; empty: its end says nothing about the member. */
  via: string
  /** What a former coordinator has answered holds until then. */
  readonly promisedUntil: number
}

/** Deadlines are looked at in slots of so many milliseconds, so that a session ends up to this much later. */
const SLOT_MS = 50
/** The clock of the sessions goes on by this at most between two looks: a coordinator that stood still heard nobody. */
const MOST_STEP_MS = 1000
/** How much longer a coordinator waits than a member counts on: their clocks may run at different rates. */
const CLOCK_MARGIN = 1.1
/** That a member may wait until its next beat, out of its session: a few may get lost. */
const BEATS_PER_SESSION = 3
const MOST_HEARTBEAT_MS = 15_000

/**
 * When members were heard last; in the memory of the coordinator alone, which passes in the time of a monotonic clock.
 * A member may count on its leases for its session from the moment at which it sent a beat that was answered. For that
 * to hold, a coordinator answers a beat only if it has confirmed behind its arrival that it leads still (M24), and a
 * new coordinator begins when it knows all that was committed before. It waits a tenth longer than the session. A beat
 * costs no work but a map's entry: what is due is looked at in slots.
 *
 * When the connection that carried its latest beat has ended, a member counts on its leases for `disconnectGraceMs`
 * only. The latest one: beats of two connections may overtake each other, hence their numbers.
 */
export class Sessions {
  readonly #sessions = new Map<string, Map<string, Session>>()
  /** By slot, those to be looked at in it. */
  readonly #slots = new Map<number, Set<Session>>()
  /** The clock of the sessions. */
  #time = 0
  #seen: number
  #nextSlot = 0

  constructor(now: number) {
    this.#seen = now
  }

  /** Members at present. */
  get size(): number {
    let size = 0
    for (const members of this.#sessions.values()) size += members.size
    return size
  }

  /** A member of the time before this coordinator: it has a whole session from now on, whatever ends. */
  inherited(of: SessionOf, sessionMs: number, now: number): void {
    this.#goOn(now)
    this.#add(of, sessionMs, { number: 0, via: '', promisedUntil: this.#time + patience(sessionMs) })
  }

  /**
   * A member is alive. `carried`: how its beat has come; null: the end of its connection says nothing. False: its
   * session ran out before, and it is being removed; the beat must be refused.
   */
  heard(of: SessionOf, sessionMs: number, now: number, carried: Carried | null = null): boolean {
    this.#goOn(now)
    const known = this.#sessions.get(of.group)?.get(of.member)
    if (known?.over) return false
    if (known?.sessionMs === sessionMs) {
      known.deadline = this.#time + patience(sessionMs)
      Object.assign(known, latest(known, carried))
      return true
    }
    if (known !== undefined) this.forget(known)
    const { promisedUntil = 0 } = known ?? {}
    this.#add(of, sessionMs, { ...latest(known ?? { number: 0, via: '' }, carried), promisedUntil })
    return true
  }

  /** The end of a connection. Nothing happens unless it carried the latest beat of the member. */
  disconnected({ group, member }: SessionOf, via: string, now: number): void {
    this.#goOn(now)
    const known = this.#sessions.get(group)?.get(member)
    if (known === undefined || known.over || via === '' || known.via !== via) return
    const deadline = Math.max(this.#time + patience(disconnectGraceMs(known.sessionMs)), known.promisedUntil)
    if (deadline >= known.deadline) return
    known.deadline = deadline
    this.#leaveSlot(known)
    this.#putIntoSlot(known)
  }

  /** It is no member any more. */
  forget({ group, member }: SessionOf): void {
    const members = this.#sessions.get(group)
    const known = members?.get(member)
    if (members === undefined || known === undefined) return
    members.delete(member)
    if (members.size === 0) this.#sessions.delete(group)
    this.#leaveSlot(known)
  }

  /** Those whose session has run out since the last call, each once: they are to be removed from their groups. */
  ranOut(now: number): SessionOf[] {
    this.#goOn(now)
    const out: SessionOf[] = []
    for (; this.#nextSlot * SLOT_MS <= this.#time; this.#nextSlot++) {
      const slot = this.#slots.get(this.#nextSlot)
      if (slot === undefined) continue
      this.#slots.delete(this.#nextSlot)
      for (const session of slot) {
        if (session.deadline > this.#time) this.#putIntoSlot(session)
        else {
          session.over = true
          out.push({ group: session.group, member: session.member })
        }
      }
    }
    return out
  }

  /** The removal of a member could not be proposed: it is told again by `ranOut`, and is not heard until then. */
  again(of: SessionOf): void {
    const known = this.#sessions.get(of.group)?.get(of.member)
    if (known?.over) this.#putIntoSlot(known)
  }

  #add({ group, member }: SessionOf, sessionMs: number, more: Pick<Session, 'number' | 'via' | 'promisedUntil'>): void {
    const deadline = this.#time + patience(sessionMs)
    const session: Session = { group, member, sessionMs, deadline, slot: 0, over: false, ...more }
    const members = this.#sessions.get(session.group)
    if (members === undefined) this.#sessions.set(session.group, new Map([[session.member, session]]))
    else members.set(session.member, session)
    this.#putIntoSlot(session)
  }

  #putIntoSlot(session: Session): void {
    session.slot = Math.max(this.#nextSlot + 1, Math.ceil(session.deadline / SLOT_MS))
    const slot = this.#slots.get(session.slot)
    if (slot === undefined) this.#slots.set(session.slot, new Set([session]))
    else slot.add(session)
  }

  #leaveSlot(session: Session): void {
    const slot = this.#slots.get(session.slot)
    slot?.delete(session)
    if (slot?.size === 0) this.#slots.delete(session.slot)
  }

  #goOn(now: number): void {
    this.#time += Math.min(Math.max(0, now - this.#seen), MOST_STEP_MS)
    this.#seen = Math.max(this.#seen, now)
  }
}

/** A beat without a number cannot be put in order: from then on no end of a connection counts. */
function latest(known: Pick<Session, 'number' | 'via'>, carried: Carried | null): Pick<Session, 'number' | 'via'> {
  const { number = 0, via = '' } = carried ?? {}
  if (number === 0) return { number: Number.POSITIVE_INFINITY, via: '' }
  return number < known.number ? { number: known.number, via: known.via } : { number, via }
}

function patience(sessionMs: number): number {
  return Math.floor(sessionMs * CLOCK_MARGIN)
}

/** How long a member may wait until its next beat, in ms. */
export function heartbeatMs(sessionMs: number): number {
  return Math.min(MOST_HEARTBEAT_MS, Math.max(1, Math.floor(sessionMs / BEATS_PER_SESSION)))
}
