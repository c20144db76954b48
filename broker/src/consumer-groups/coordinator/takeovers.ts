import type { ConsumerGroupBeat } from '../../api/consumer-groups-api.ts'

/**
 * Processes that ask for the instance of another member. Their first beat alone takes nothing over: that of a process
 * that has died since may come behind those of its successor, and what the successor works on would go to others. So
 * it is answered with an epoch and without leases, and a beat with that epoch shows that its process lives. In the same
 * way a member of Kafka must come back with the id that it was given (KIP-394). By instance, so that there are no more
 * than members.
 */
export class Takeovers {
  readonly #asked = new Map<string, { readonly first: ConsumerGroupBeat; readonly epoch: number }>()

  /** It is answered with the epoch. */
  ask(first: ConsumerGroupBeat, epoch: number): void {
    this.#asked.set(keyOf(first), { first, epoch })
  }

  /** What the sender is to join with, if it was answered before; only first beats have topics and patterns. */
  confirmed(beat: ConsumerGroupBeat): ConsumerGroupBeat | undefined {
    const asked = this.#asked.get(keyOf(beat))
    if (asked === undefined || asked.first.member !== beat.member || asked.epoch !== beat.epoch) return undefined
    return { ...beat, subscribed: beat.subscribed ?? asked.first.subscribed }
  }

  /** It has joined. A beat that comes behind does not join again. */
  done(beat: ConsumerGroupBeat): void {
    if (this.#asked.get(keyOf(beat))?.first.member === beat.member) this.#asked.delete(keyOf(beat))
  }
}

function keyOf({ group, instance }: ConsumerGroupBeat): string {
  return JSON.stringify([group, instance])
}
