import { formatTable, refuseNewer, TailraceError } from '@tailrace/schemas'
import type { StateStore } from '../../log/log-storage.ts'
import { pairsOf, piecesOf } from '../../log/store/pair-stream.ts'
import { storedJson } from '../../log/store/stored-json.ts'
import { WriteBehind, type WriteBehindDeps } from '../../log/store/write-behind.ts'
import type { MachineSnapshot } from '../../partition/group.ts'
import type { StreamChange } from './change-codec.ts'
import { rangeOf, storedKeys } from './stored-keys.ts'
import type { StreamsHead } from './stream-record.ts'
import { isFormat, isHead } from './stream-record.ts'

/** The part of a store that is read: the store itself, or a snapshot of it. */
type StoreSource = Pick<StateStore, 'get' | 'range'>

/** Pairs of a snapshot are written so many bytes at a time. */
const PIECE_BYTES = 1024 * 1024
const MOST_KEYS = 256
/** A state that is received comes to the other place, and counts from the moment at which the key `place` says so. */
const places = ['a', 'b'] as const
const isPlace = (value: unknown): value is 'a' | 'b' => value === 'a' || value === 'b'

const nothing: StreamsHead = { appliedIndex: 0, appliedTerm: 0 }

/**
 * The streams of one partition in the state store. Their bytes are there, too: no more of them than one read or one
 * entry wants is in memory.
 */
export class StreamsStore {
  readonly #store: StateStore
  /** Of all keys; ends with a slash. */
  readonly #prefix: string
  readonly #behind: WriteBehind
  #place: 'a' | 'b' = places[0]
  #head = nothing
  #isFormatted = false

  constructor(deps: Omit<WriteBehindDeps, 'what'>, prefix: string) {
    this.#store = deps.store
    this.#prefix = prefix
    this.#behind = new WriteBehind({ ...deps, what: 'durable streams' })
  }

  get head(): StreamsHead {
    return this.#head
  }

  /** Bytes that are applied, and not written yet. */
  get waitingBytes(): number {
    return this.#behind.waitingBytes
  }

  /** To be called once, before anything else. @throws TailraceError STORAGE_CORRUPT, NEWER_FORMAT */
  async load(): Promise<void> {
    const key = `${this.#prefix}place`
    const place = await this.#store.get(key)
    if (place !== null) this.#place = storedJson(key, place, isPlace)
    this.#head = await headOf(this.#store, this.#at)
  }

  apply(head: StreamsHead, changes: readonly StreamChange[]): void {
    this.#head = head
    for (const [key, value] of changes) this.#behind.putBytes(this.#at + key, value)
    this.#behind.put(this.#at + storedKeys.head, head)
    if (!this.#isFormatted) this.#behind.put(this.#at + storedKeys.format, formatTable.streamsSnapshot.version)
    this.#isFormatted = true
    this.#behind.begin()
  }

  /** Resolves when all that was applied can be read. @throws TailraceError SHUTTING_DOWN, INTERNAL */
  async settled(): Promise<void> {
    await this.#behind.written()
  }

  /** A value, or null. What was applied a moment ago may be missing: see `settled`. */
  get(key: string): Promise<Uint8Array | null> {
    return this.#store.get(this.#at + key)
  }

  /** As `StateStore.range`. */
  async *range(from: string, to: string): AsyncIterable<readonly [string, Uint8Array]> {
    const at = this.#at
    for await (const [key, value] of this.#store.range(at + from, at + to)) yield [key.slice(at.length), value]
  }

  /** Removes some of these keys: they are of no stream any more. Returns whether there may be more. */
  async removeSome(prefix: string): Promise<boolean> {
    await this.settled()
    const [from, to] = rangeOf(prefix)
    const keys = await firstKeys(this.#store, this.#at + from, this.#at + to)
    await this.#store.write(keys.map((key) => [key, null]))
    return keys.length === MOST_KEYS
  }

  /** Writes a key that no entry has written. */
  forget(key: string): void {
    this.#behind.putBytes(this.#at + key, null)
    this.#behind.begin()
  }

  /** Makes all that was applied durable. Returns the index up to which that is. */
  async flush(): Promise<number> {
    const { appliedIndex } = this.#head
    await this.#behind.written()
    await this.#store.flush()
    return appliedIndex
  }

  async take(): Promise<MachineSnapshot> {
    await this.#behind.written()
    const snapshot = this.#store.snapshot()
    const at = this.#at
    const { appliedIndex } = await headOf(snapshot, at)
    return {
      index: appliedIndex,
      chunks: () => piecesOf(without(at, snapshot.range(...rangeOf(at)))),
      close: async () => snapshot.close(),
    }
  }

  /** See MachineSnapshots.restore. @throws TailraceError STORAGE_CORRUPT, NEWER_FORMAT */
  async restore(index: number, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const next = this.#place === 'a' ? 'b' : 'a'
    const prefix = `${this.#prefix}${next}/`
    await removeAll(this.#store, prefix)
    let piece: [string, Uint8Array][] = []
    let bytes = 0
    for await (const [key, value] of pairsOf(chunks, 'A snapshot of durable streams')) {
      piece.push([prefix + key, value])
      bytes += key.length + value.length
      if (bytes < PIECE_BYTES) continue
      await this.#store.write(piece)
      piece = []
      bytes = 0
    }
    await this.#store.write(piece)
    const head = await headOf(this.#store, prefix)
    if (head.appliedIndex !== index) {
      const found = `A snapshot of durable streams is as of ${head.appliedIndex}, not ${index}.`
      throw new TailraceError('STORAGE_CORRUPT', found)
    }
    await this.#behind.discard()
    await this.#store.write([[`${this.#prefix}place`, new TextEncoder().encode(JSON.stringify(next))]])
    await this.#store.flush()
    const former = this.#at
    this.#place = next
    this.#head = head
    this.#isFormatted = false
    await removeAll(this.#store, former)
  }

  close(): Promise<void> {
    return this.#behind.close()
  }

  get #at(): string {
    return `${this.#prefix}${this.#place}/`
  }
}

/** Removes the state of a replica that this broker does not have any more, durably. */
export async function removeStreams(store: StateStore, prefix: string): Promise<void> {
  await removeAll(store, prefix)
  await store.flush()
}

async function removeAll(store: StateStore, prefix: string): Promise<void> {
  for (;;) {
    const keys = await firstKeys(store, ...rangeOf(prefix))
    if (keys.length === 0) return
    await store.write(keys.map((key) => [key, null]))
  }
}

async function firstKeys(store: StateStore, from: string, to: string): Promise<string[]> {
  const keys: string[] = []
  for await (const [key] of store.range(from, to)) if (keys.push(key) === MOST_KEYS) break
  return keys
}

async function headOf(store: StoreSource, at: string): Promise<StreamsHead> {
  const formatKey = at + storedKeys.format
  const format = await store.get(formatKey)
  if (format !== null) refuseNewer('streamsSnapshot', storedJson(formatKey, format, isFormat))
  const key = at + storedKeys.head
  const head = await store.get(key)
  return head === null ? nothing : storedJson(key, head, isHead)
}

async function* without(
  prefix: string,
  pairs: AsyncIterable<readonly [string, Uint8Array]>,
): AsyncIterable<readonly [string, Uint8Array]> {
  for await (const [key, value] of pairs) yield [key.slice(prefix.length), value]
}
