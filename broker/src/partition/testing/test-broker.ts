import { type BrokerId, crc32c, type GroupId, type Message, TailraceError } from '@tailrace/schemas'
import { BLOCK_BYTES, BLOCK_HEADER_BYTES } from '../../log/journal/block.ts'
import type { LogStorage, LogStorageOptions } from '../../log/log-storage.ts'
import { openLogStorage } from '../../log/open.ts'
import { MemoryStore } from '../../log/testing/memory-store.ts'
import type { Clock, TimerHandle } from '../../platform/clock.ts'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { seededRandom } from '../../platform/testing/random.ts'
import type { RaftMessage } from '../../raft/messages.ts'
import { BrokerGroups } from '../broker/groups.ts'
import type { CreateCore } from '../broker/replica-opening.ts'
import type { NoteName, PeerReply, Peers, RequestName } from '../peers.ts'
import type { PartitionSettings } from '../settings.ts'

/** The secret that all brokers of this cluster know. */
export const SECRET = new Uint8Array(16).fill(7)

export type SendRaft = (group: GroupId, message: RaftMessage, payloads: readonly Uint8Array[]) => void

export type AskPeer = <Name extends RequestName>(
  to: BrokerId,
  name: Name,
  fields: Omit<Message<Name>, 'correlation'>,
) => Promise<PeerReply<Name>>
export type TellPeer = <Name extends NoteName>(to: BrokerId, name: Name, fields: Message<Name>) => void

export interface TestBrokerOptions {
  readonly settings: PartitionSettings
  readonly log: Partial<LogStorageOptions>
  /** In the place of the core as it is: to switch a rule off. */
  readonly createCore?: CreateCore | undefined
}

/** One broker's groups over the real log and the real consensus core; its disk and store outlive it. */
export class TestBroker {
  readonly id: BrokerId
  readonly disk: MemoryDisk
  readonly store = new MemoryStore()
  /** The errors that it has logged. */
  readonly errors: object[] = []
  groups!: BrokerGroups
  storage!: LogStorage
  alive = false
  #paused = false
  /** The timers that ran out while the process was stopped, in order. */
  #overdue: (() => void)[] = []
  readonly #clock: Clock
  readonly #options: TestBrokerOptions
  readonly #send: SendRaft
  readonly #tell: TellPeer
  readonly #ask: AskPeer
  #gate: { readonly open: Promise<void>; readonly unlock: () => void } | null = null
  #life = 0

  constructor(id: BrokerId, clock: Clock, options: TestBrokerOptions, send: SendRaft, tell: TellPeer, ask: AskPeer) {
    this.id = id
    this.#clock = clock
    this.#options = options
    this.#send = send
    this.#tell = tell
    this.#ask = ask
    this.disk = new MemoryDisk({ pace: () => this.#gate?.open ?? Promise.resolve() })
  }

  async start(): Promise<void> {
    this.#life += 1
    const clock = this.#clockOfThisLife()
    const { settings, log, createCore } = this.#options
    this.storage = await openLogStorage(
      { disk: this.disk, clock, crc32c },
      {
        folder: 'data',
        journalFileBytes: 4 << 20,
        segmentBytes: 1 << 20,
        tailBytes: 16 << 20,
        directBytes: 1 << 20,
        diskReserveBytes: 0,
        ...log,
      },
    )
    this.groups = new BrokerGroups({
      brokerId: this.id,
      storage: this.storage,
      store: this.store,
      peers: this.#peers(),
      clock,
      random: seededRandom(this.id * 1000 + this.#life),
      crc32c,
      logger: { info: () => {}, warn: () => {}, error: (fields) => void this.errors.push(fields) },
      settings,
      ...(createCore === undefined ? {} : { createCore }),
    })
    this.groups.sealTokens(SECRET)
    this.alive = true
  }

  get paused(): boolean {
    return this.#paused
  }

  /** A stopped process has no timers; those that ran out meanwhile fire when it continues. */
  set paused(paused: boolean) {
    this.#paused = paused
    if (paused) return
    const calls = this.#overdue
    this.#overdue = []
    for (const call of calls) call()
  }

  /** Power failure: writes that were not synced may be lost, and nothing of this life has an effect any more. */
  kill(): void {
    this.alive = false
    this.#life += 1
    this.releaseDisk()
    this.disk.crash(seededRandom(this.#life).below)
  }

  async close(): Promise<void> {
    await this.groups.close()
    await this.storage.close()
    this.alive = false
    this.#life += 1
    this.disk.crash(() => 0)
  }

  /** No operation of the disk is carried out until it is released. */
  holdDisk(): void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#gate ??= { open: promise, unlock: resolve }
  }

  releaseDisk(): void {
    const gate = this.#gate
    this.#gate = null
    gate?.unlock()
  }

  /**
   * Inverts one bit of every place in the journal (or in the segments) that shows the text. Returns how many there are.
   */
  async flip(text: string, where: 'journal' | 'groups'): Promise<number> {
    let found = 0
    for (const path of this.disk.paths().filter((name) => name.startsWith(`data/${where}/`))) {
      const file = await this.disk.open(path)
      const content = Buffer.alloc(await file.size())
      await file.read(content, 0)
      for (let at = content.indexOf(text); at >= 0; at = content.indexOf(text, at + 1)) {
        this.disk.flip(path, at, 0)
        found += 1
      }
    }
    return found
  }

  /** Inverts one bit of the first record of the newest round, in a journal that has not used a file again yet. */
  async flipNewestRound(): Promise<void> {
    let newest = { path: '', at: -1 }
    for (const path of this.disk.paths().filter((name) => name.startsWith('data/journal/'))) {
      const file = await this.disk.open(path)
      const content = Buffer.alloc(await file.size())
      await file.read(content, 0)
      const at = content.findLastIndex((byte) => byte !== 0)
      if (at > newest.at) newest = { path, at }
    }
    this.disk.flip(newest.path, newest.at - (newest.at % BLOCK_BYTES) + BLOCK_HEADER_BYTES, 0)
  }

  /** The last blocks of the journal, of a dead broker, never reached the disk; nor did any other record of them. */
  async loseNewestBlocks(count: number): Promise<void> {
    for (const path of this.disk.paths().filter((name) => name.startsWith('data/journal/'))) {
      const file = await this.disk.open(path)
      const content = Buffer.alloc(await file.size())
      await file.read(content, 0)
      const end = (Math.floor(content.findLastIndex((byte) => byte !== 0) / BLOCK_BYTES) + 1) * BLOCK_BYTES
      const from = Math.max(0, end - count * BLOCK_BYTES)
      await file.write([new Uint8Array(end - from)], from)
      await file.sync()
      await file.close()
    }
  }

  #peers(): Peers {
    const life = this.#life
    return {
      sendRaft: (group, message, payloads) => {
        if (life === this.#life) this.#send(group, message, payloads)
      },
      announceLeaders: () => {},
      tell: (to, name, fields) => {
        if (life === this.#life) this.#tell(to, name, fields)
      },
      request: (to, name, fields) =>
        life === this.#life ? this.#ask(to, name, fields) : Promise.reject(new TailraceError('CONNECTION_LOST')),
      connected: () => true,
      identity: () => undefined,
    }
  }

  /** A dead broker's timers do not fire. */
  #clockOfThisLife(): Clock {
    const life = this.#life
    const clock = this.#clock
    const whileAlive = (call: () => void) => (): void => {
      if (life === this.#life) call()
    }
    const ring = (call: () => void) => (): void => {
      if (this.#paused) this.#overdue.push(call)
      else call()
    }
    const every = (ms: number, call: () => void): TimerHandle => {
      const handle = clock.every(ms, () => {
        if (life !== this.#life) handle.cancel()
        else if (!this.#paused) call()
      })
      return handle
    }
    return {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      after: (ms, call) => clock.after(ms, whileAlive(ring(call))),
      every,
      soon: (call) => clock.soon(whileAlive(call)),
    }
  }
}
