import { type Client, type ClientSurroundings, type Connection, delay, retryBackoff } from '@tailrace/client'
import { disconnectGraceMs, TailraceError } from '@tailrace/schemas'
import { BeatConnections } from './beat-connections.ts'
import type { BeatEvents, BeatSettings, GivenUpLease, PartitionId } from './beat-messages.ts'
import { type BeatAnswer, Coordinator } from './coordinator.ts'
import { OwnedLeases } from './owned-leases.ts'
import type { Pulse } from './pulse.ts'

/** Beside the time that the coordinator may wait. */
const ANSWER_MS = 3_000
const LEAVE_MS = 2_000
/** Until the coordinator has said how long the member may wait, a part of its session. */
const FIRST_WAIT_SHARE = 1 / 4
const LEAVES = -1
const LEAVES_FOR_NOW = -2

export interface BeaterParts {
  readonly client: Client
  readonly pulse: Pulse
  /** Milliseconds, on a clock that all threads of the process share. */
  readonly now: () => number
}

/**
 * Keeps one member in its group: one beat after the other, each with all leases that it has. The answer to a beat that
 * is given up is not looked at, so that a lease counts as given back only if no answer has given it since.
 */
export class Beater {
  readonly #coordinator: Coordinator
  readonly #pulse: Pulse
  readonly #now: () => number
  readonly #surroundings: ClientSurroundings
  readonly #settings: BeatSettings
  readonly #events: BeatEvents
  readonly #owned = new OwnedLeases()
  readonly #connections = new BeatConnections(() => this.disconnected())
  readonly #ending = new AbortController()
  readonly #ended: Promise<void>
  #member: string
  #epoch = 0
  /** The coordinator may know it, whether or not it has answered. */
  #isMember = false
  /** A beat behind the first one was answered; before, a static member may only have asked for its instance. */
  #hasJoined = false
  #waitMs: number
  /** Ends the wait for an answer, or for the next beat. */
  #waiting: AbortController | undefined
  /** There is something to tell: the next beat leaves at once, and its answer is not waited for long. */
  #isHurried = true
  /** It has left because of a handler, until that has returned. */
  #isAway = false
  /** As its last answer says. */
  #coordinatorHeedsDeclined = true
  #lastTold = ''

  constructor({ client, pulse, now }: BeaterParts, settings: BeatSettings, events: BeatEvents) {
    this.#coordinator = new Coordinator(client, settings.group)
    this.#pulse = pulse
    this.#now = now
    this.#surroundings = client.surroundings
    this.#member = newMemberId(this.#surroundings)
    this.#settings = settings
    this.#waitMs = Math.floor(settings.sessionMs * FIRST_WAIT_SHARE)
    this.#events = events
    this.#ended = this.#run()
  }

  release(partition: PartitionId, token: number): void {
    if (this.#owned.release(partition, token, this.#pulse)) this.hurry()
  }

  /** The handlers of a lease that was given up have returned. */
  returned(lease: GivenUpLease): void {
    if (this.#owned.returned(lease)) this.hurry()
  }

  hurry(): void {
    this.#isHurried = true
    this.#waiting?.abort()
  }

  /**
   * The coordinator may be told that this member is gone: it counts on its leases for a moment only, and beats at once.
   */
  disconnected(): void {
    const { sessionMs, leaveOnDisconnect } = this.#settings
    if (!leaveOnDisconnect) return
    // Leases are counted on for a session from there.
    const confirmedAt = this.#now() + disconnectGraceMs(sessionMs) - sessionMs
    this.#pulse.confirmedAt = Math.min(this.#pulse.confirmedAt, confirmedAt)
    this.hurry()
  }

  rejoin(): void {
    this.#isAway = false
    this.hurry()
  }

  /** Leaves the group, if it can be reached, and ends. */
  async leave(): Promise<void> {
    this.close()
    await this.#ended
    if (this.#isMember) await this.#sayGoodbye(this.#settings.instance === '' ? LEAVES : LEAVES_FOR_NOW)
  }

  close(): void {
    this.#ending.abort(new TailraceError('CLOSED'))
    this.#waiting?.abort()
  }

  async #run(): Promise<void> {
    const backoff = retryBackoff(this.#surroundings)
    while (!this.#ending.signal.aborted) {
      try {
        await this.#round()
        backoff.reset()
      } catch (thrown) {
        const error = TailraceError.from(thrown)
        // What the coordinator has answered may be lost: it is not waited for something new.
        this.#isHurried = true
        if (this.#ending.signal.aborted || error.code === 'ABORTED') continue
        // It has asked another coordinator for the instance, which has gone since.
        const mustAskAgain = error.code === 'INSTANCE_TAKEN' && !this.#hasJoined
        const isFenced = error.code === 'FENCED_MEMBER' || error.code === 'UNKNOWN_CONSUMER_GROUP'
        if (isFenced || mustAskAgain) this.#forget('fenced')
        else if (error.retriable && thrown instanceof TailraceError) {
          const ms = Math.max(backoff.next(), error.retryAfterMs ?? 0)
          await delay(ms, this.#ending.signal, this.#surroundings).catch(() => {})
        } else this.#fail(error)
      }
    }
    this.#connections.close()
  }

  /** A beat with its answer, and the time until the next one is due. */
  async #round(): Promise<void> {
    const waiting = new AbortController()
    const sent = this.#now()
    this.#giveUpWhatIsStuck()
    if (this.#isAway) {
      this.#waiting = waiting
      await this.#pause(this.#waitMs, waiting.signal)
      return
    }
    const waitMs = this.#isHurried ? 0 : this.#waitMs
    this.#isHurried = false
    // A beat that is answered at once is not given up for another one.
    if (waitMs > 0) this.#waiting = waiting
    const number = this.#connections.next()
    const answer = await this.#beat(number, waitMs, waiting.signal)
    if (this.#connections.answered(number)) this.#pulse.confirmedAt = sent
    this.#waiting = waiting
    const isNews = this.#take(answer)
    // A coordinator that does not wait before it answers is asked at its pace.
    const rest = isNews || this.#isHurried ? 0 : (waitMs > 0 ? waitMs / 2 : 0) - (this.#now() - sent)
    if (rest > 0) await this.#pause(rest, waiting.signal)
  }

  #beat(number: number, waitMs: number, signal: AbortSignal): Promise<BeatAnswer> {
    const { clientId, instance, rack, sessionMs, topics, patterns, leaveOnDisconnect } = this.#settings
    const beat = {
      epoch: this.#epoch,
      clientId,
      instance,
      rack,
      sessionMs,
      waitMs,
      subscribed: this.#epoch === 0 ? { topics: [...topics], patterns: [...patterns] } : null,
      owned: this.#owned.fields,
      stuck: this.#stuck(),
      number: leaveOnDisconnect ? number : 0,
      declined: this.#owned.declined(),
    }
    const timeoutMs = waitMs + ANSWER_MS
    this.#isMember = true
    const both = AbortSignal.any([signal, this.#ending.signal])
    const carries = (connection: Connection) => this.#connections.carries(connection, number)
    const onSend = leaveOnDisconnect ? carries : undefined
    return this.#coordinator.beat(this.#member, beat, { timeoutMs, signal: both, onSend })
  }

  /** Returns whether it says anything that the last answer did not say. */
  #take(answer: BeatAnswer): boolean {
    this.#hasJoined = this.#epoch > 0
    this.#epoch = answer.epoch
    this.#waitMs = Math.min(answer.heartbeatMs, Math.floor(this.#settings.sessionMs / 2))
    if (this.#owned.absorb(answer, this.#pulse)) this.#isHurried = true
    this.#coordinatorHeedsDeclined = answer.heedsDeclined ?? false
    const { revoke, due } = answer
    const told = { member: this.#member, generation: this.#pulse.generation, leases: this.#owned.leases, revoke, due }
    const text = JSON.stringify([told.leases.map(({ slot, token }) => [slot, token]), revoke, due])
    if (text === this.#lastTold) return false
    this.#lastTold = text
    this.#events.told(told)
    return true
  }

  #stuck(): { topicId: string; partition: number; offset: number; sinceMs: number }[] {
    const found = this.#owned.stuck(this.#pulse, this.#now(), this.#settings.handlerTimeoutMs)
    for (const { record, isNew } of found) if (isNew) this.#events.stuck(record)
    return found.map(({ record: { topicId, partition, offset, heldMs } }) => {
      return { topicId, partition, offset, sinceMs: Math.round(heldMs) }
    })
  }

  #giveUpWhatIsStuck(): void {
    const { stuckHandlers } = this.#settings
    if (stuckHandlers === 'keep' || this.#isAway) return
    const stuck = this.#stuck()
    if (stuck.length === 0 && !this.#owned.declines) return
    // An older coordinator would keep the partitions for this member, and nobody would read them.
    if (stuckHandlers === 'leave' || !this.#coordinatorHeedsDeclined) this.#leaveForNow()
    else for (const place of stuck) this.#giveUp(place)
  }

  #leaveForNow(): void {
    void this.#sayGoodbye(LEAVES)
    this.#isAway = true
    this.#forget('stuck')
  }

  #giveUp({ topicId, partition }: PartitionId): void {
    const token = this.#owned.giveUp({ topicId, partition }, this.#pulse)
    if (token === undefined) return
    this.#isHurried = true
    this.#events.gaveUp({ topicId, partition, token })
  }

  /** All leases are gone. From here on it is another member. */
  #forget(reason: 'fenced' | 'stuck'): void {
    this.#owned.clear(this.#pulse)
    // It comes back when all handlers have returned.
    if (reason === 'stuck') this.#owned.declineNothing(this.#pulse)
    this.#coordinatorHeedsDeclined = true
    this.#pulse.generation++
    this.#member = newMemberId(this.#surroundings)
    this.#epoch = 0
    this.#isMember = false
    this.#hasJoined = false
    this.#lastTold = ''
    this.#isHurried = true
    this.#events.lost(reason, this.#pulse.generation)
  }

  #fail(error: TailraceError): void {
    this.close()
    this.#isMember = false
    this.#owned.clear(this.#pulse)
    this.#pulse.generation++
    this.#events.failed(error.toJSON())
  }

  async #sayGoodbye(epoch: number): Promise<void> {
    const { clientId, instance, rack, sessionMs } = this.#settings
    const empty = { waitMs: 0, subscribed: null, owned: [], stuck: [] }
    const beat = { epoch, clientId, instance, rack, sessionMs, ...empty }
    // Where it cannot be reached, the session runs out.
    await this.#coordinator.beat(this.#member, beat, { timeoutMs: LEAVE_MS }).catch(() => {})
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#surroundings.afterIdle(ms, end)
      function end(): void {
        timer.cancel()
        signal.removeEventListener('abort', end)
        resolve()
      }
      if (signal.aborted) end()
      else signal.addEventListener('abort', end, { once: true })
    })
  }
}

/** A UUID; browsers give those of crypto.randomUUID to secure pages only. */
function newMemberId({ secret }: ClientSurroundings): string {
  const bytes = secret(16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
