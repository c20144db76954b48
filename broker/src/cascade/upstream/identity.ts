import type { BrokerId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { StateStore } from '../../log/log-storage.ts'
import { hasFields, isWhole, storedJson } from '../../log/store/stored-json.ts'
import type { Random } from '../../platform/random.ts'

const key = 'cascade/identity'

export interface CascadeIdentityFields {
  readonly broker: BrokerId
  readonly directoryId: string
  /** Empty until the first source has told it. */
  readonly clusterId: string
  /** The level that this broker was started for; 0 until it has had a source. */
  readonly home: number
  /** The source that an operator has chosen, or 0. */
  readonly pinned: BrokerId
  /** HTTP addresses of brokers that may be the source, as learnt. */
  readonly known: readonly string[]
  /** False: this broker has never caught up with a source. Missing: written before this field existed. */
  readonly caughtUp?: boolean
  /**
   * The level that it had before an operator chose a source for it, and has again without that choice. Missing: none
   * was chosen yet.
   */
  readonly ownHome?: number
}

function isIdentity(value: unknown): value is CascadeIdentityFields {
  const isText = (field: unknown): boolean => typeof field === 'string'
  return hasFields(value, {
    broker: isWhole,
    home: isWhole,
    pinned: isWhole,
    directoryId: isText,
    clusterId: isText,
    known: (list) => Array.isArray(list) && list.every(isText),
    ownHome: (level) => level === undefined || isWhole(level),
    caughtUp: (flag) => flag === undefined || typeof flag === 'boolean',
  })
}

/** The state of a cascade broker in its data folder. */
export class CascadeIdentity {
  readonly #store: StateStore
  #fields: CascadeIdentityFields

  private constructor(store: StateStore, fields: CascadeIdentityFields) {
    this.#store = store
    this.#fields = fields
  }

  /** @throws TailraceError BROKER_IDENTITY_MISMATCH when the folder belongs to another number; STORAGE_CORRUPT */
  static async load(store: StateStore, broker: BrokerId, random: Random): Promise<CascadeIdentity> {
    const stored = await store.get(key)
    if (stored !== null) {
      const fields = storedJson(key, stored, isIdentity)
      if (fields.broker === broker) return new CascadeIdentity(store, fields)
      throw new TailraceError('BROKER_IDENTITY_MISMATCH', `The data folder belongs to cascade broker ${fields.broker}.`)
    }
    const fresh = { broker, directoryId: random.uuid(), clusterId: '', home: 0, pinned: 0, known: [], caughtUp: false }
    const identity = new CascadeIdentity(store, fresh)
    await identity.change({})
    return identity
  }

  get fields(): CascadeIdentityFields {
    return this.#fields
  }

  /** Resolves when the change is durable; it counts at once. */
  async change(change: Partial<CascadeIdentityFields>): Promise<void> {
    this.#fields = { ...this.#fields, ...change }
    await this.#store.write([[key, new TextEncoder().encode(JSON.stringify(this.#fields))]])
    await this.#store.flush()
  }
}
