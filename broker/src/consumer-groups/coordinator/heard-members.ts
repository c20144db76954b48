import type { Asker } from '../../api/broker-api.ts'
import type { ConsumerGroupBeat, DeclinedPartition } from '../../api/consumer-groups-api.ts'
import type { Clock, TimerHandle } from '../../platform/clock.ts'

/** Beats that wait for something new, of all groups of a coordinator; beyond it they are answered at once. */
const MOST_WAITING = 20_000
/**
 * Beats that wait for long are answered together with others at so many milliseconds: what a broker does at one time
 * costs less. None is answered by more than this before its time.
 */
const ANSWERS_EVERY_MS = 500
const LONG_MS = 10 * ANSWERS_EVERY_MS

interface Waiting {
  readonly timer: TimerHandle
  readonly resolve: () => void
}

/** What a coordinator remembers of a member, in its memory alone. */
export interface HeardMember {
  /** Whose beats they are; null: a broker's own. */
  readonly asker: Asker | null
  /** All that it was told last (Leases.signatureOf); empty: nothing by this coordinator. */
  readonly told: string
  /** The epoch of its last answer. */
  readonly epoch: number
  readonly stuck: ConsumerGroupBeat['stuck']
  readonly stuckAt: number
  readonly declined: readonly DeclinedPartition[]
}

/** The members that this coordinator has heard, and the beats that wait here for something new. */
export class HeardMembers {
  readonly #clock: Clock
  readonly #groups = new Map<string, Map<string, HeardMember>>()
  readonly #waiting = new Map<string, Map<string, Waiting>>()
  #waits = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  of(group: string, member: string): HeardMember | undefined {
    return this.#groups.get(group)?.get(member)
  }

  /** A former beat of the member that waits is answered: the member may not look at its answer any more. */
  heard({ group, member, stuck, declined = [] }: ConsumerGroupBeat, asker: Asker | null): void {
    this.wake(group, member)
    const { told = '', epoch = 0 } = this.of(group, member) ?? {}
    this.#put(group, member, { asker, told, epoch, stuck, stuckAt: this.#clock.monotonic(), declined })
  }

  told(group: string, member: string, told: string, epoch: number): void {
    const known = this.of(group, member)
    if (known !== undefined) this.#put(group, member, { ...known, told, epoch })
  }

  forget(group: string, member: string): void {
    this.wake(group, member)
    const members = this.#groups.get(group)
    members?.delete(member)
    if (members?.size === 0) this.#groups.delete(group)
  }

  /** Resolves when the member is woken, when its next beat comes, or after `ms`. One beat of a member waits. */
  wait(group: string, member: string, ms: number): Promise<void> {
    this.wake(group, member)
    if (this.#waits >= MOST_WAITING) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = this.#clock.after(this.#untilAnswers(ms), () => this.wake(group, member))
      const members = this.#waiting.get(group) ?? new Map<string, Waiting>()
      this.#waiting.set(group, members.set(member, { timer, resolve }))
      this.#waits += 1
    })
  }

  #untilAnswers(ms: number): number {
    if (ms < LONG_MS) return ms
    const now = this.#clock.monotonic()
    return Math.floor((now + ms) / ANSWERS_EVERY_MS) * ANSWERS_EVERY_MS - now
  }

  /** The members of a group whose beats wait here. */
  waitingIn(group: string): Iterable<string> {
    return this.#waiting.get(group)?.keys() ?? []
  }

  wake(group: string, member: string): void {
    const members = this.#waiting.get(group)
    const waiting = members?.get(member)
    if (members === undefined || waiting === undefined) return
    members.delete(member)
    if (members.size === 0) this.#waiting.delete(group)
    this.#waits -= 1
    waiting.timer.cancel()
    waiting.resolve()
  }

  close(): void {
    for (const [group, members] of [...this.#waiting])
      for (const member of [...members.keys()]) this.wake(group, member)
    this.#groups.clear()
  }

  #put(group: string, member: string, heard: HeardMember): void {
    const members = this.#groups.get(group) ?? new Map<string, HeardMember>()
    this.#groups.set(group, members.set(member, heard))
  }
}
