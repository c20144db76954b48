import type { Offset, PartitionNumber, Timestamp } from '@tailrace/schemas'
import type { StateStore } from '../../log/log-storage.ts'
import { hasFields, isWhole, storedJson } from '../../log/store/stored-json.ts'
import type { Clock } from '../../platform/clock.ts'

/** A place where a source had removed records before they were copied: the copy lacks those below `to`. */
export interface Gap {
  /** The first offset that was not copied. */
  readonly from: Offset
  /** Where the copy goes on. */
  readonly to: Offset
  readonly at: Timestamp
  /** Records, with those of gaps of the partition that were still told when this one came. */
  readonly missed: number
}

export interface GapCounts {
  /** Partitions with a gap. */
  readonly overtaken: number
  readonly missedRecords: number
}

/** For so long a gap is told to operators, as the alert TailraceCascadeBeganAnew does. */
export const gapToldMs = 3_600_000

const prefix = 'cascade/gap/'
const afterGaps = 'cascade/gap0'

/** The last gap of each partition. Kept over a restart: operators look for it afterwards. */
export class Gaps {
  readonly #store: StateStore
  readonly #clock: Pick<Clock, 'now'>
  readonly #byKey = new Map<string, Gap>()

  constructor(store: StateStore, clock: Pick<Clock, 'now'>) {
    this.#store = store
    this.#clock = clock
  }

  /** @throws TailraceError STORAGE_CORRUPT */
  async load(): Promise<void> {
    for await (const [key, value] of this.#store.range(prefix, afterGaps))
      this.#byKey.set(key, storedJson(key, value, isGap))
  }

  /** Of all partitions, as far as they are still told. */
  get counts(): GapCounts {
    const told = [...this.#byKey.values()].filter((gap) => this.#isTold(gap))
    return { overtaken: told.length, missedRecords: told.reduce((sum, { missed }) => sum + missed, 0) }
  }

  /** Resolves when it is stored; it counts at once. */
  async note(topicId: string, partition: PartitionNumber, from: Offset, to: Offset): Promise<void> {
    const key = keyOf(topicId, partition)
    const before = this.#byKey.get(key)
    const earlier = before !== undefined && this.#isTold(before) ? before.missed : 0
    const gap = { from, to, at: this.#clock.now(), missed: earlier + to - from }
    this.#byKey.set(key, gap)
    await this.#store.write([[key, new TextEncoder().encode(JSON.stringify(gap))]])
  }

  /** The topic is gone. */
  async forget(topicId: string): Promise<void> {
    const keys = [...this.#byKey.keys()].filter((key) => key.startsWith(keyOf(topicId, '')))
    for (const key of keys) this.#byKey.delete(key)
    if (keys.length > 0) await this.#store.write(keys.map((key) => [key, null]))
  }

  #isTold({ at }: Gap): boolean {
    return this.#clock.now() - at < gapToldMs
  }
}

function keyOf(topicId: string, partition: PartitionNumber | ''): string {
  return `${prefix}${topicId}/${partition}`
}

function isGap(value: unknown): value is Gap {
  return hasFields(value, { from: isWhole, to: isWhole, at: isWhole, missed: isWhole })
}
