import type { BrokerId, GroupId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { StateStore } from '../log/types.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'
import type { BrokerRegistration } from './command.ts'
import type { Applied, MetadataHead, MetadataState, RememberedCommand, Topic } from './metadata-state.ts'
import { REMEMBERED_COMMANDS } from './metadata-state.ts'

const HEAD = 'meta/head'
const BROKERS = 'meta/broker/'
const TOPICS = 'meta/topic/'
const COMMANDS = 'meta/command/'
/** Replicas of deleted topics that this broker still has to remove from its disk. */
const REMOVALS = 'meta/removal/'
const RETRY_MS = 1000

/**
 * Fills an empty state with what the store has: some prefix of the log.
 * @returns groups whose topics are deleted and whose replicas may still be on this broker's disk
 */
export async function loadMetadata(store: StateStore, state: MetadataState): Promise<GroupId[]> {
  const head = await store.get(HEAD)
  if (head === null) return []
  Object.assign(state.head, parse<MetadataHead>(head))
  for await (const [, value] of inside(store, BROKERS)) {
    const broker = parse<BrokerRegistration>(value)
    state.brokers.set(broker.id, broker)
  }
  for await (const [, value] of inside(store, TOPICS)) state.addTopic(parse<Topic>(value))
  const commands: RememberedCommand[] = []
  for await (const [, value] of inside(store, COMMANDS)) commands.push(parse<RememberedCommand>(value))
  for (const command of commands.sort((a, b) => a.number - b.number)) state.remember(command)
  const removals: GroupId[] = []
  for await (const [key] of inside(store, REMOVALS)) removals.push(Number(key.slice(REMOVALS.length)))
  return removals
}

/**
 * Writes the state out behind `apply`: one write at a time, each holds all that was applied meanwhile, together with the index it is as of. What
 * waits is one value a key, so it is bounded by the state itself.
 */
export class MetadataWriter {
  readonly #store: StateStore
  readonly #clock: Clock
  readonly #logger: Logger
  #pending = new Map<string, Uint8Array | null>()
  #writing: Promise<void> | null = null
  #closed = false

  constructor(store: StateStore, clock: Clock, logger: Logger) {
    this.#store = store
    this.#clock = clock
    this.#logger = logger
  }

  /** `self`: the broker whose replicas of a deleted topic are to be removed. */
  applied(state: MetadataState, applied: Applied | null, self: BrokerId): void {
    const { broker, created, deleted } = applied ?? {}
    if (broker !== undefined) this.#put(BROKERS + String(broker.id).padStart(10, '0'), broker)
    if (created !== undefined) this.#put(TOPICS + created.name, created)
    if (deleted !== undefined) this.#pending.set(TOPICS + deleted.name, null)
    for (const { group, replicas } of deleted?.partitions ?? []) {
      if (replicas.includes(self)) this.#put(REMOVALS + group, true)
    }
    if (applied !== null && !applied.repeated) {
      const command: RememberedCommand = { number: state.head.commands - 1, id: applied.id, result: applied.result }
      this.#put(COMMANDS + String(command.number % REMEMBERED_COMMANDS).padStart(4, '0'), command)
    }
    this.#put(HEAD, state.head)
    this.#flush()
  }

  /** The replica is gone from the disk. */
  removed(group: GroupId): void {
    this.#pending.set(REMOVALS + group, null)
    this.#flush()
  }

  /** Writes out what waits, then no more. */
  async close(): Promise<void> {
    while (this.#writing !== null) await this.#writing
    this.#closed = true
  }

  #put(key: string, value: unknown): void {
    this.#pending.set(key, new TextEncoder().encode(JSON.stringify(value)))
  }

  #flush(): void {
    if (this.#writing !== null || this.#pending.size === 0 || this.#closed) return
    const changes = this.#pending
    this.#pending = new Map()
    this.#writing = this.#store.write([...changes]).then(
      () => {
        this.#writing = null
        this.#flush()
      },
      (error) => {
        this.#writing = null
        // Nothing is lost: the log has it. What was applied since is newer.
        this.#pending = new Map([...changes, ...this.#pending])
        this.#logger.error({ error }, 'cannot write the metadata to the state store; trying again')
        this.#clock.after(RETRY_MS, () => this.#flush())
      },
    )
  }
}

function inside(store: StateStore, prefix: string): AsyncIterable<readonly [string, Uint8Array]> {
  // '0' is the character after '/'.
  return store.range(prefix, `${prefix.slice(0, -1)}0`)
}

function parse<T>(bytes: Uint8Array): T {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as T
  } catch (cause) {
    throw new TailraceError('STORAGE_CORRUPT', 'The state store holds metadata that cannot be read.', { cause })
  }
}
