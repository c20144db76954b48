import type { StreamRequest } from '../../api/streams-api.ts'
import { storedJson } from '../../log/store/stored-json.ts'
import type { StreamChange } from '../state/change-codec.ts'
import { dueOf } from '../state/lifetime.ts'
import { storedKeys } from '../state/stored-keys.ts'
import type { StreamRecord } from '../state/stream-record.ts'
import type { StreamsStore } from '../state/streams-store.ts'

/** The key alone says it. */
const NOTED = new Uint8Array([1])

/**
 * The changes of one stream that make one part of an entry: what is asked of it meanwhile is judged one after the
 * other, each by what the ones before leave.
 */
export class Draft {
  readonly #store: Pick<StreamsStore, 'get' | 'settled'>
  readonly #changes = new Map<string, Uint8Array | null>()
  #record: StreamRecord | null
  /** Requests to other streams, once the changes are committed. */
  readonly followUps: StreamRequest[] = []

  constructor(record: StreamRecord | null, store: Pick<StreamsStore, 'get' | 'settled'>) {
    this.#record = record
    this.#store = store
  }

  /** Null: there is no stream. */
  get record(): StreamRecord | null {
    return this.#record
  }

  get changes(): readonly StreamChange[] {
    return [...this.#changes]
  }

  /** @throws TailraceError STORAGE_CORRUPT */
  async value<Value>(key: string, fits: (value: unknown) => value is Value): Promise<Value | null> {
    let bytes = this.#changes.get(key)
    if (bytes === undefined) {
      await this.#store.settled()
      bytes = await this.#store.get(key)
    }
    return bytes === null ? null : storedJson(key, bytes, fits)
  }

  /** Null: the key is removed. */
  put(key: string, value: object | null): void {
    this.putBytes(key, value === null ? null : new TextEncoder().encode(JSON.stringify(value)))
  }

  putBytes(key: string, value: Uint8Array | null): void {
    this.#changes.set(key, value)
  }

  /**
   * The stream as it is from now on. A time at which it is to be looked at is written down anew only if it is an
   * earlier one, or has come: a look that finds a later end costs less than a key with each append.
   */
  keep(record: StreamRecord, { readAt, now }: { readonly readAt: number; readonly now: number }): void {
    const before = this.#record?.due ?? -1
    const wanted = dueOf(record, readAt, now)
    const isEarly = before > now && wanted >= before
    const due = isEarly ? before : wanted
    if (before !== due && before >= 0) this.putBytes(storedKeys.dueAt(before, record.path), null)
    if (before !== due && due >= 0) this.putBytes(storedKeys.dueAt(due, record.path), NOTED)
    this.#record = { ...record, due }
    this.put(storedKeys.stream(record.path), this.#record)
  }

  /** The stream is gone. What is left of it is removed by each broker, some at a time. */
  drop(): void {
    const { id, path, due, source } = this.#record!
    if (due >= 0) this.putBytes(storedKeys.dueAt(due, path), null)
    this.putBytes(storedKeys.stream(path), null)
    this.putBytes(storedKeys.garbageOf(id), NOTED)
    this.#record = null
    if (source === null) return
    this.followUps.push({ kind: 'give-back', path: source.path, id: source.id, borrower: path, borrowerId: id })
  }
}
