/** A member of a group, as the coordinator knows it. */
export interface SessionOf {
  readonly group: string
  readonly member: string
}

interface Session extends SessionOf {
  readonly sessionMs: number
  /** On the clock of the sessions. */
  deadline: number
  /** Where it is looked at again, at the deadline or before. */
  slot: number
  /** It has run out, and the member's removal is being decided: a beat that comes now is too late. */
  over: boolean
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

  /** A member is alive. False: its session ran out before, and it is being removed; the beat must be refused. */
  heard({ group, member }: SessionOf, sessionMs: number, now: number): boolean {
    this.#goOn(now)
    const known = this.#sessions.get(group)?.get(member)
    if (known?.over) return false
    if (known !== undefined && known.sessionMs === sessionMs) {
      known.deadline = this.#time + patience(sessionMs)
      return true
    }
    if (known !== undefined) this.forget(known)
    this.#add({ group, member, sessionMs, deadline: this.#time + patience(sessionMs), slot: 0, over: false })
    return true
  }

  /** It is no member any more. */
  forget({ group, member }: SessionOf): void {
    const members = this.#sessions.get(group)
    const known = members?.get(member)
    if (members === undefined || known === undefined) return
    members.delete(member)
    if (members.size === 0) this.#sessions.delete(group)
    const slot = this.#slots.get(known.slot)
    slot?.delete(known)
    if (slot?.size === 0) this.#slots.delete(known.slot)
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

  #add(session: Session): void {
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

  #goOn(now: number): void {
    this.#time += Math.min(Math.max(0, now - this.#seen), MOST_STEP_MS)
    this.#seen = Math.max(this.#seen, now)
  }
}

function patience(sessionMs: number): number {
  return Math.floor(sessionMs * CLOCK_MARGIN)
}

/** How long a member may wait until its next beat, in ms. */
export function heartbeatMs(sessionMs: number): number {
  return Math.min(MOST_HEARTBEAT_MS, Math.max(1, Math.floor(sessionMs / BEATS_PER_SESSION)))
}
