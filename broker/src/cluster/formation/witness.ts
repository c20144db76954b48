import type { BrokerId, Message } from '@tailrace/schemas'
import type { StateStore } from '../../log/log-storage.ts'
import type { Groups } from '../../partition/group.ts'
import type { NoteName, Peers } from '../../partition/peers.ts'
import type { Logger } from '../../platform/logger.ts'
import { type LivesTold, lossOf, type Memory } from './lives.ts'
import type { LivesFile } from './lives-file.ts'

export interface WitnessDeps {
  readonly groups: Pick<Groups, 'distrustDisk' | 'recoveredBlock'>
  readonly peers: Pick<Peers, 'tell'>
  readonly store: StateStore
  readonly file: LivesFile
  readonly logger: Logger
  readonly directoryId: () => string
}

const KEY = 'witness/'
/** '0' is the character after '/'. */
const KEY_END = 'witness0'
/** Of brokers of which it is not known yet whether they belong to the cluster. */
const MOST_KEPT = 256
const NOTHING: Memory = { directoryId: '', life: '', durable: 0 }

/**
 * Brokers remember for each other that a disk had more than it has now, which the disk itself cannot know. As soon as a
 * connection is up, each sends before any other message its memory of the receiver, and the lives that it remembers
 * itself. Raft messages come behind that on the same connection. So a broker whose folder was put back, or that has
 * lost the end of its journal, is quarantined before it can exchange votes with a broker that remembers more.
 */
export class Witness {
  readonly #deps: WitnessDeps
  readonly #memories = new Map<BrokerId, Memory>()
  readonly #linked = new Set<BrokerId>()
  readonly #atoning = new Set<string>()
  /** Messages that have come and have not been accepted: the last of each kind. */
  readonly #kept = new Map<BrokerId, { lives?: Message<'Lives'>; witness?: Message<'Witness'>; durable?: number }>()

  constructor(deps: WitnessDeps) {
    this.#deps = deps
  }

  /** Before the first connection. `life`: the id of this start. */
  async start(life: string): Promise<void> {
    const { store, file } = this.#deps
    await file.begin(life)
    for await (const [key, value] of store.range(KEY, KEY_END)) {
      const { directoryId, life: newest } = JSON.parse(new TextDecoder().decode(value)) as Memory
      this.#memories.set(Number(key.slice(KEY.length)), { directoryId, life: newest, durable: 0 })
    }
  }

  link(peer: BrokerId, up: boolean): void {
    if (!up) {
      this.#linked.delete(peer)
      return
    }
    this.#linked.add(peer)
    this.#remind(peer)
    this.#deps.peers.tell(peer, 'Lives', this.#lives())
  }

  /** Keeps it until `accept`. */
  told<Name extends NoteName>(from: BrokerId, name: Name, fields: Message<Name>): void {
    const isOurs = name === 'Lives' || name === 'Witness' || name === 'NodeBeat'
    if (!isOurs || (!this.#kept.has(from) && this.#kept.size >= MOST_KEPT)) return
    const kept = this.#kept.get(from) ?? {}
    if (name === 'Lives') kept.lives = fields as Message<'Lives'>
    else if (name === 'Witness') kept.witness = fields as Message<'Witness'>
    else kept.durable = (fields as Message<'NodeBeat'>).durable
    this.#kept.set(from, kept)
  }

  /** The broker belongs to the cluster: its messages count. Called before any Raft message of it. */
  accept(from: BrokerId): void {
    const kept = this.#kept.get(from)
    if (kept === undefined) return
    this.#kept.delete(from)
    if (kept.witness !== undefined) this.#reminded(from, kept.witness)
    if (kept.lives !== undefined) this.#hear(from, kept.lives)
    if (kept.durable !== undefined) this.#noteDurable(from, kept.durable)
  }

  #lives(): Message<'Lives'> {
    const { file, groups, directoryId } = this.#deps
    const { lives, atoned } = file
    return { directoryId: directoryId(), lives: [...lives], atoned: [...atoned], recovered: groups.recoveredBlock }
  }

  #remind(peer: BrokerId): void {
    this.#deps.peers.tell(peer, 'Witness', { ...(this.#memories.get(peer) ?? NOTHING) })
  }

  /**
   * The memory of a peer stays until the peer knows of it: else a peer whose folder was put back would only have to
   * send first.
   */
  #hear(from: BrokerId, told: LivesTold): void {
    const life = told.lives.at(-1)
    const memory = this.#memories.get(from) ?? NOTHING
    if (life === undefined || (memory.life === life && memory.directoryId === told.directoryId)) return
    if (lossOf(told, memory) !== null) {
      if (this.#linked.has(from)) this.#remind(from)
      return
    }
    const next = { directoryId: told.directoryId, life, durable: told.recovered }
    this.#memories.set(from, next)
    void this.#keep(from, next)
  }

  /** Durable at once: it matters after a crash of both. */
  async #keep(peer: BrokerId, { directoryId, life }: Memory): Promise<void> {
    const { store, logger } = this.#deps
    try {
      await store.write([[`${KEY}${peer}`, new TextEncoder().encode(JSON.stringify({ directoryId, life }))]])
      await store.flush()
    } catch (err) {
      logger.warn({ peer, err }, 'the memory of another broker could not be saved')
    }
  }

  #noteDurable(from: BrokerId, durable: number): void {
    const memory = this.#memories.get(from)
    if (memory !== undefined && durable > memory.durable) this.#memories.set(from, { ...memory, durable })
  }

  #reminded(from: BrokerId, memory: Memory): void {
    const { life } = memory
    const loss = lossOf(this.#lives(), memory)
    if (loss === null || this.#atoning.has(life)) return
    this.#atoning.add(life)
    const { logger, groups } = this.#deps
    logger.error({ peer: from, life }, `${loss} All replicas are quarantined until they have been made whole.`)
    void this.#recordQuarantine(life, groups.distrustDisk(loss))
  }

  async #recordQuarantine(life: string, quarantined: Promise<boolean>): Promise<void> {
    const { file, logger, peers } = this.#deps
    try {
      if (!(await quarantined)) return
      await file.recordMadeGood(life)
      for (const peer of this.#linked) peers.tell(peer, 'Lives', this.#lives())
    } catch (err) {
      logger.error({ err }, 'the quarantine of all replicas could not be recorded; the next start will do it')
    }
  }
}
