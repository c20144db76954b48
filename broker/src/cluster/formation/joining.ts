import type { BrokerId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { Peers, ReplyFields } from '../../partition/peers.ts'
import type { Clock, TimerHandle } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { FormationRecord } from '../metadata/formation-record.ts'
import { readFormation } from '../metadata/formation-record.ts'

const REPLY_MS = 10_000
const RETRY_MS = 1000

/** The answer of a member of the cluster to a broker that it has admitted. */
export interface Welcome {
  readonly record: FormationRecord
  /** Under which the newcomer takes part in the metadata group; 0: it is a founder that had lost its record. */
  readonly admission: number
  /** Peer addresses of all brokers. */
  readonly addresses: readonly string[]
}

export interface JoiningDeps {
  readonly peers: Pick<Peers, 'request' | 'identity'>
  readonly clock: Clock
  readonly logger: Logger
  readonly isFormed: () => boolean
  /** Makes it durable, and lets the broker be a member. */
  readonly welcomed: (welcome: Welcome) => Promise<void>
}

/**
 * A broker without a cluster asks those that have one to be admitted, one after the other, until one of them says yes.
 */
export class Joining {
  readonly #deps: JoiningDeps
  readonly #linked = new Set<BrokerId>()
  /** Why the last one that was asked refused, for people. */
  #refusal = ''
  #timer: TimerHandle | null = null
  #asking = false
  #closed = false

  constructor(deps: JoiningDeps) {
    this.#deps = deps
  }

  get refusal(): string {
    return this.#refusal
  }

  link(peer: BrokerId, up: boolean): void {
    if (!up) this.#linked.delete(peer)
    else this.#linked.add(peer)
    this.#askSoon(0)
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  #askSoon(ms: number): void {
    if (this.#closed || this.#asking || this.#timer !== null || this.#deps.isFormed()) return
    if (this.#members().length === 0) return
    this.#timer = this.#deps.clock.after(ms, () => {
      this.#timer = null
      void this.#ask()
    })
  }

  async #ask(): Promise<void> {
    const [member] = this.#members()
    if (this.#closed || member === undefined || this.#deps.isFormed()) return
    this.#asking = true
    // A member that does not answer is asked last the next time.
    this.#linked.delete(member)
    this.#linked.add(member)
    try {
      const { fields } = await this.#deps.peers.request(member, 'Join', {}, [], REPLY_MS)
      await this.#take(member, fields)
    } catch (error) {
      const { code, message } = TailraceError.from(error)
      this.#refusal = message
      if (code !== 'CONNECTION_LOST')
        this.#deps.logger.warn({ member, err: error }, 'not admitted to the cluster; trying again')
    }
    this.#asking = false
    this.#askSoon(RETRY_MS)
  }

  async #take(member: BrokerId, { record, admission, addresses }: ReplyFields<'Join'>): Promise<void> {
    const checked = readFormation(record)
    if (checked.clusterId !== this.#deps.peers.identity(member)?.clusterId) {
      throw new TailraceError('CLUSTER_MISMATCH', `Broker ${member} has answered for another cluster than its own.`)
    }
    if (this.#closed || this.#deps.isFormed()) return
    await this.#deps.welcomed({ record: checked, admission, addresses })
  }

  #members(): BrokerId[] {
    return [...this.#linked].filter((peer) => this.#deps.peers.identity(peer)?.formed)
  }
}
