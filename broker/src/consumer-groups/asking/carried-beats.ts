import type { ConsumerGroupBeat, ConsumerGroupsApi } from '../../api/consumer-groups-api.ts'
import { consumerGroupLimits as limits } from '../state/consumer-group-limits.ts'

/** Of one connection; of further ones the session runs out when it ends. */
const MOST_MEMBERS = 100
const DISCONNECTED = -3

/**
 * The beats that come on one connection of a client to this broker, whose end the coordinators of their members hear
 * of. Between brokers a connection carries beats of others: those are told of by the broker that the members have
 * reached.
 */
export class CarriedBeats {
  readonly #connection: string
  /** Members that take part, by what brings their beats on. */
  readonly #members = new Map<string, { readonly beat: ConsumerGroupBeat; readonly api: ConsumerGroupsApi }>()

  /** `connection`: a name that no other connection of any broker has. */
  constructor(connection: string) {
    this.#connection = connection
  }

  /** The beat as it goes on. `api`: what brings it to its coordinator with the rights of the client. */
  carry(beat: ConsumerGroupBeat, api: ConsumerGroupsApi): ConsumerGroupBeat {
    const { group, member, epoch, instance, number = 0, via = '' } = beat
    const key = `${member} ${group}`
    const isOwn = via === '' && number > 0 && instance === '' && epoch >= 0
    if (epoch < 0) this.#members.delete(key)
    else if (isOwn && this.#members.size < MOST_MEMBERS && !this.#members.has(key)) {
      const told = { epoch: DISCONNECTED, waitMs: 0, subscribed: null, owned: [], stuck: [], via: this.#connection }
      this.#members.set(key, { beat: { ...beat, ...told }, api })
    }
    const way = via === '' ? this.#connection : `${this.#connection}/${via}`
    return { ...beat, via: way.length <= limits.viaLength ? way : '' }
  }

  /** The client, or its machine, has ended the connection. Not if this broker has, or nobody can tell. */
  ended(): void {
    for (const { beat, api } of this.#members.values()) {
      // Where the coordinator does not hear of it, the session runs out.
      api.ask(beat).catch(() => {})
    }
    this.#members.clear()
  }
}
