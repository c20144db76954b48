import type { ConsumerGroupBeatReply, DeclinedPartition } from '../../../../broker/src/api/consumer-groups-api.ts'
import { Finding } from '../finding.ts'

/** By how much the clocks of two brokers may differ, as a part of the time since the beginning (swarm.rates). */
const CLOCKS_APART = 0.11

/** A partition of a topic, for a consumer group. */
export interface GroupPlace {
  readonly group: string
  readonly topicId: string
  readonly partition: number
}

interface Seen {
  /** The member that works on it, as it believes itself. */
  worker: string
  /** Microseconds until which it believes so. */
  until: number
  /** The largest token that any member has had. */
  token: number
  /** The largest offset that was acknowledged since the last reset; -1: none. */
  acknowledged: number
  /** Offsets that were sent in commits since then. */
  readonly sent: Set<number>
  /** Since then its group was unused for so long that it may have expired. */
  mayHaveExpired: boolean
  /** Delayed records by offset: asked for, acknowledged and to come again, or handled since. */
  readonly delayed: Map<number, 'asked' | 'kept' | 'done'>
}

/**
 * The properties of consumer groups, judged from outside by what members were told and when: no two of them work on a
 * partition at once, tokens grow, a position that was acknowledged is there for the next one, and what a former holder
 * commits is refused.
 */
export class GroupsWatch {
  /** Leases that members got, commits that were acknowledged and that were refused, delayed records that came again. */
  leases = 0
  commits = 0
  fenced = 0
  redelivered = 0
  /** Partitions that were given up because of a stuck handler. */
  declined = 0
  /** Partitions whose position had expired. */
  expired = 0
  readonly #places = new Map<string, Seen>()
  readonly #usedAt = new Map<string, number>()
  readonly #expirationMs: number
  readonly #now: () => number

  /** `now`: microseconds. `expirationMs`: of groups without members; 0: they never expire. */
  constructor(now: () => number, expirationMs: number) {
    this.#now = now
    this.#expirationMs = expirationMs
  }

  /** The group had a member, or was reset, at some time since `from`, for this has just been answered. */
  used(group: string, from: number): void {
    this.#lookAtExpiry(group)
    this.#usedAt.set(group, Math.max(from, this.#usedAt.get(group) ?? 0))
  }

  /** Whether a group was unused for so long that it may be gone by now. */
  mayBeGone(group: string): boolean {
    const unusedMs = (this.#now() - (this.#usedAt.get(group) ?? 0)) / 1000
    return this.#expirationMs > 0 && unusedMs > this.#expirationMs - (CLOCKS_APART * this.#now()) / 1000
  }

  #lookAtExpiry(group: string): void {
    if (!this.mayBeGone(group)) return
    for (const [name, seen] of this.#places) if (name.startsWith(`${group} `)) seen.mayHaveExpired = true
  }

  /**
   * A member begins to work, and may do so until then. `offset`: the committed position that it was told. @throws
   * Finding
   */
  began(place: GroupPlace, member: string, { token, offset }: { token: number; offset: number }, until: number): void {
    const seen = this.#seen(place)
    const name = nameOf(place)
    if (seen.worker !== member && seen.until > this.#now()) {
      const left = Math.round((seen.until - this.#now()) / 1000)
      throw new Finding(
        'one-member-at-a-time',
        `${member} works on ${name}, and ${seen.worker} may for ${left} ms more`,
      )
    }
    const isAgain = token === seen.token && member === seen.worker
    if (token <= seen.token && !isAgain)
      throw new Finding('tokens-grow', `${member} has the token ${token} of ${name} behind ${seen.token}`)
    seen.until = until
    // Its own commits may have been acknowledged behind the answer.
    if (isAgain) return
    if (offset === -1 && seen.mayHaveExpired) this.#forget(seen)
    seen.mayHaveExpired = false
    if (offset < seen.acknowledged)
      throw new Finding(
        'positions-stay',
        `${member} begins at ${offset} of ${name}, and ${seen.acknowledged} was acknowledged`,
      )
    if (offset >= 0 && !seen.sent.has(offset))
      throw new Finding('positions-stay', `${member} begins at ${offset} of ${name}, which nobody has committed`)
    this.leases++
    Object.assign(seen, { worker: member, token, until })
  }

  /** It may work for longer. @throws Finding */
  goesOn(place: GroupPlace, member: string, until: number): void {
    const seen = this.#seen(place)
    if (seen.worker !== member)
      throw new Finding('one-member-at-a-time', `${member} goes on with ${nameOf(place)}, and ${seen.worker} has it`)
    seen.until = until
  }

  /** An answer has come to a beat that declines partitions, with the leases that the member has. @throws Finding */
  judgeDeclined(
    group: string,
    member: string,
    declined: readonly DeclinedPartition[],
    { assignment, revoke }: ConsumerGroupBeatReply,
  ): void {
    const revoked = new Set(revoke.map((place) => nameOf({ group, ...place })))
    const given = new Map(assignment.map((lease) => [nameOf({ group, ...lease }), lease.token]))
    for (const { token, ended, ...place } of declined) {
      const name = nameOf({ group, ...place })
      if (!ended && given.get(name) === token && !revoked.has(name))
        throw new Finding('declined-is-not-given', `${member} has still the lease ${token} of ${name}`)
    }
  }

  /** It may work until then only. */
  shortened(place: GroupPlace, member: string, until: number): void {
    const seen = this.#seen(place)
    if (seen.worker === member) seen.until = Math.min(seen.until, until)
  }

  /** It does not work on it any more. */
  ended(place: GroupPlace, member: string): void {
    const seen = this.#seen(place)
    if (seen.worker === member) seen.until = this.#now()
  }

  /** A commit leaves a member. Returns the judge of its answer. */
  committing(place: GroupPlace, token: number, offset: number): (isFenced: boolean) => void {
    const seen = this.#seen(place)
    const isStale = token < seen.token
    seen.sent.add(offset)
    return (isFenced) => {
      if (isFenced) {
        this.fenced++
        return
      }
      const name = nameOf(place)
      if (isStale)
        throw new Finding('former-tokens-commit-nothing', `${offset} of ${name} under ${token}, behind ${seen.token}`)
      this.commits++
      seen.acknowledged = Math.max(seen.acknowledged, offset)
    }
  }

  /** The operator asks for the position to be set, whether or not that is done. */
  resetting(place: GroupPlace, offset: number): void {
    const seen = this.#seen(place)
    seen.acknowledged = Math.min(seen.acknowledged, offset)
    seen.sent.add(offset)
    seen.delayed.clear()
  }

  /** The operator has set the position. */
  reset(place: GroupPlace, offset: number): void {
    const seen = this.#seen(place)
    seen.acknowledged = offset
    seen.sent.clear()
    seen.sent.add(offset)
    seen.delayed.clear()
  }

  delaying(place: GroupPlace, offset: number): void {
    this.#seen(place).delayed.set(offset, 'asked')
  }

  /** It was acknowledged; it may have come again before that. */
  delayed(place: GroupPlace, offset: number): void {
    const { delayed } = this.#seen(place)
    if (delayed.get(offset) === 'asked') delayed.set(offset, 'kept')
  }

  /** It has come again. It may do so once more, for the answer that it is done may be lost. */
  redelivering(place: GroupPlace, offset: number): void {
    this.redelivered++
    this.#seen(place).delayed.set(offset, 'done')
  }

  /** Delayed records that were acknowledged and have to come again. */
  get waiting(): number {
    let waiting = 0
    for (const { delayed } of this.#places.values()) {
      for (const state of delayed.values()) if (state === 'kept') waiting += 1
    }
    return waiting
  }

  /** What the coordinator has at the end. @throws Finding */
  check(place: GroupPlace, offset: number): void {
    const seen = this.#seen(place)
    if (offset === -1 && seen.mayHaveExpired) return
    if (offset < seen.acknowledged || (offset >= 0 && !seen.sent.has(offset)))
      throw new Finding('positions-stay', `${nameOf(place)} is at ${offset}, and ${seen.acknowledged} was acknowledged`)
  }

  /** Partitions of which a position was acknowledged, and cannot have expired. */
  *acknowledged(group: string): Iterable<string> {
    for (const [name, { acknowledged, mayHaveExpired }] of this.#places)
      if (acknowledged >= 0 && !mayHaveExpired && name.startsWith(`${group} `)) yield name
  }

  /** Nothing of it is there any more. */
  #forget(seen: Seen): void {
    if (seen.acknowledged >= 0) this.expired++
    seen.acknowledged = -1
    seen.sent.clear()
    seen.delayed.clear()
  }

  #seen(place: GroupPlace): Seen {
    const name = nameOf(place)
    let seen = this.#places.get(name)
    if (seen === undefined) {
      const nothing = { worker: '', until: 0, token: 0, acknowledged: -1, mayHaveExpired: false }
      seen = { ...nothing, sent: new Set(), delayed: new Map() }
      this.#places.set(name, seen)
    }
    return seen
  }
}

export function nameOf({ group, topicId, partition }: GroupPlace): string {
  return `${group} ${topicId}/${partition}`
}
