import type { Offset, PartitionNumber } from '@tailrace/schemas'
import type { StateStore } from '../../log/log-storage.ts'
import { isWhole, storedJson } from '../../log/store/stored-json.ts'

const prefix = 'cascade/read-from/'
const afterStarts = 'cascade/read-from0'

/**
 * Where reading begins in copies whose log begins earlier, since the records in front were deleted and a log holds
 * whole batches. Kept over a restart: the list of topics may tell of the deletion later.
 */
export class ReadStarts {
  readonly #store: StateStore
  readonly #byKey = new Map<string, Offset>()

  constructor(store: StateStore) {
    this.#store = store
  }

  /** @throws TailraceError STORAGE_CORRUPT */
  async load(): Promise<void> {
    for await (const [key, value] of this.#store.range(prefix, afterStarts))
      this.#byKey.set(key, storedJson(key, value, isWhole))
  }

  /** 0: nothing is noted. */
  of(topicId: string, partition: PartitionNumber): Offset {
    return this.#byKey.get(keyOf(topicId, partition)) ?? 0
  }

  /** Resolves when it is durable. */
  async note(topicId: string, partition: PartitionNumber, readFrom: Offset): Promise<void> {
    const key = keyOf(topicId, partition)
    this.#byKey.set(key, readFrom)
    await this.#store.write([[key, new TextEncoder().encode(JSON.stringify(readFrom))]])
    await this.#store.flush()
  }

  /** The topic is gone. */
  async forget(topicId: string): Promise<void> {
    const keys = [...this.#byKey.keys()].filter((key) => key.startsWith(keyOf(topicId, '')))
    for (const key of keys) this.#byKey.delete(key)
    if (keys.length > 0) await this.#store.write(keys.map((key) => [key, null]))
  }
}

function keyOf(topicId: string, partition: PartitionNumber | ''): string {
  return `${prefix}${topicId}/${partition}`
}
