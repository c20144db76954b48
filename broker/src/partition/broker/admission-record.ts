import type { BrokerId, GroupId } from '@tailrace/schemas'
import type { StateStore } from '../../log/log-storage.ts'
import { isWhole, storedJson } from '../../log/store/stored-json.ts'
import type { IndexedConfiguration } from '../../raft/config.ts'
import { members } from '../../raft/members/quorum.ts'

const SUFFIX = '/admission'

/** Under which number a replica on this disk was admitted; founders have no record. */
function keyOf(group: GroupId): string {
  return `group/${group}${SUFFIX}`
}

interface Found {
  /** Its log is on the disk. */
  readonly stored: boolean
  readonly wanted: number
  readonly configurations?: readonly IndexedConfiguration[]
}

/**
 * The numbers under which this broker's replicas take part. They are read once, together: most replicas are founders
 * and have none; each would wait for the disk to learn that.
 */
export class Admissions {
  readonly #store: StateStore
  #known: Promise<Map<GroupId, number>> | null = null

  constructor(store: StateStore) {
    this.#store = store
  }

  /**
   * The number of one replica. A replica on the disk keeps the admission that it was created with. A caller that asks
   * for another one may not know yet that the replica was removed and added again, or may know that before the old
   * replica was removed. A new replica gets the admission that is asked for, durably before it exists.
   */
  async of(group: GroupId, broker: BrokerId, { stored, wanted, configurations = [] }: Found): Promise<number> {
    const known = await this.#all()
    const record = known.get(group)
    if (stored) {
      if (record !== undefined) return record
      // No record, and the log says otherwise: the store was lost.
      const last = configurations.findLast(({ configuration }) => members(configuration).includes(broker))
      return last?.configuration.admissions?.[broker] ?? 0
    }
    if (wanted === 0 && record === undefined) return 0
    await this.#store.write([[keyOf(group), wanted === 0 ? null : new TextEncoder().encode(String(wanted))]])
    await this.#store.flush()
    if (wanted === 0) known.delete(group)
    else known.set(group, wanted)
    return wanted
  }

  /** After the log is removed. */
  async drop(group: GroupId): Promise<void> {
    const known = await this.#all()
    if (!known.has(group)) return
    await this.#store.write([[keyOf(group), null]])
    known.delete(group)
  }

  #all(): Promise<Map<GroupId, number>> {
    this.#known ??= this.#load().catch((error: unknown) => {
      // The next caller reads the store again.
      this.#known = null
      throw error
    })
    return this.#known
  }

  async #load(): Promise<Map<GroupId, number>> {
    const known = new Map<GroupId, number>()
    // '0' is the character after '/'.
    for await (const [key, value] of this.#store.range('group/', 'group0')) {
      if (!key.endsWith(SUFFIX)) continue
      known.set(Number(key.slice('group/'.length, -SUFFIX.length)), storedJson(key, value, isWhole))
    }
    return known
  }
}
