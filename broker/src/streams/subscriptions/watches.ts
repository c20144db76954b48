import { TailraceError } from '@tailrace/schemas'
import type { StreamNews, WatchStreams } from '../../api/subscriptions-api.ts'
import { CONTROL_PREFIX } from '../../api/subscriptions-api.ts'
import { storedJson } from '../../log/store/stored-json.ts'
import type { StreamChange } from '../state/change-codec.ts'
import { rangeOf, storedKeys } from '../state/stored-keys.ts'
import { isStreamRecord, type StreamRecord } from '../state/stream-record.ts'
import type { StreamsStore } from '../state/streams-store.ts'
import { literalStart, matchesGlob } from './glob.ts'
import { isNamedWatchRecord, isWatchRecord, type NamedWatchRecord, type WatchRecord } from './subscription-record.ts'

/** Of one partition: each append of it is held against all patterns. */
const MOST_PATTERNS = 1_000
const MOST_NAMED = 20_000
/** Of one answer to `watch`. */
const MOST_FOUND = 200
const MOST_LOOKED_AT = 5_000

/** A subscription that wants to know of a stream. */
export interface Watcher {
  readonly number: string
  readonly path: string
}

export interface WatchesDeps {
  readonly store: Pick<StreamsStore, 'range' | 'settled'>
  readonly propose: (changes: readonly StreamChange[]) => Promise<void>
  /** Resolves when each change that was judged before is committed, or is not to be. */
  readonly judgedBefore: () => Promise<void>
  readonly current: (stream: string) => Promise<StreamNews>
}

/** What one partition begins a subscription with. `next`: to be asked for behind it; empty: that is all. */
export interface FoundStreams {
  readonly streams: readonly StreamNews[]
  readonly next: string
}

/** The subscriptions that want to know of streams of one partition, in the log of that partition. */
export class Watches {
  readonly #deps: WatchesDeps
  readonly #patterns = new Map<string, WatchRecord>()
  /** By stream, then by the number of the subscription. */
  readonly #named = new Map<string, Map<string, NamedWatchRecord>>()
  #namedCount = 0
  #loading: Promise<void> | null = null
  #isLoaded = false
  /** What is registered stands in the log before the next one is looked at. */
  #registered: Promise<unknown> = Promise.resolve()

  constructor(deps: WatchesDeps) {
    this.#deps = deps
  }

  /** Before it no change of a stream may be judged. */
  async loaded(): Promise<void> {
    if (this.#isLoaded) return
    this.#loading ??= this.#load().finally(() => {
      this.#loading = null
    })
    await this.#loading
  }

  watchersOf(stream: string): readonly Watcher[] {
    const watchers = new Map<string, Watcher>()
    for (const [number, { path, pattern }] of this.#patterns) {
      if (matchesGlob(pattern, stream)) watchers.set(number, { number, path })
    }
    for (const [number, { path }] of this.#named.get(stream) ?? []) watchers.set(number, { number, path })
    return [...watchers.values()]
  }

  isWatched(stream: string): boolean {
    if (this.#named.has(stream)) return true
    for (const { pattern } of this.#patterns.values()) if (matchesGlob(pattern, stream)) return true
    return false
  }

  /** See WatchStreams. @throws TailraceError OVERLOADED */
  async watch(path: string, { number, pattern, streams, after }: WatchStreams): Promise<FoundStreams> {
    await this.loaded()
    await this.#inTurn(() => this.#register(path, { number, pattern, streams }))
    await this.#deps.judgedBefore()
    await this.#deps.store.settled()
    const named = await Promise.all(streams.map(this.#deps.current))
    if (pattern === null) return { streams: named, next: '' }
    const found = await this.#find(pattern, after)
    return { streams: [...named, ...found.streams], next: found.next }
  }

  /** See UnwatchStreams. */
  async unwatch(number: string, stream: string | null): Promise<void> {
    await this.loaded()
    await this.#inTurn(() => this.#unregister(number, stream))
  }

  async #unregister(number: string, stream: string | null): Promise<void> {
    const changes: StreamChange[] = []
    if (stream === null && this.#patterns.delete(number)) changes.push([storedKeys.watch(number), null])
    for (const name of stream === null ? [...this.#named.keys()] : [stream]) {
      if (this.#removeNamed(number, name)) changes.push([storedKeys.namedWatch(number, name), null])
    }
    if (changes.length > 0) await this.#deps.propose(changes)
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#registered.then(work)
    this.#registered = turn.catch(() => undefined)
    return turn
  }

  /** What the log does not take is not watched, so that a repetition is not taken for done. */
  async #register(
    path: string,
    { number, pattern, streams }: Pick<WatchStreams, 'number' | 'pattern' | 'streams'>,
  ): Promise<void> {
    const isNew = pattern !== null && !this.#patterns.has(number)
    const added = streams.filter((stream) => !this.#named.get(stream)?.has(number))
    try {
      const changes = isNew ? [this.#addPattern(number, { path, pattern })] : []
      for (const stream of added) changes.push(this.#addNamed({ path, number, stream }))
      if (changes.length > 0) await this.#deps.propose(changes)
    } catch (error) {
      if (isNew) this.#patterns.delete(number)
      for (const stream of added) this.#removeNamed(number, stream)
      throw error
    }
  }

  #addPattern(number: string, record: WatchRecord): StreamChange {
    if (this.#patterns.size >= MOST_PATTERNS) throw new TailraceError('OVERLOADED', 'There are too many subscriptions.')
    this.#patterns.set(number, record)
    return [storedKeys.watch(number), jsonOf(record)]
  }

  #addNamed(record: NamedWatchRecord): StreamChange {
    if (this.#namedCount >= MOST_NAMED) throw new TailraceError('OVERLOADED', 'Subscriptions name too many streams.')
    const { stream, number } = record
    const watches = this.#named.get(stream) ?? new Map<string, NamedWatchRecord>()
    this.#named.set(stream, watches.set(number, record))
    this.#namedCount += 1
    return [storedKeys.namedWatch(number, stream), jsonOf(record)]
  }

  #removeNamed(number: string, stream: string): boolean {
    const watches = this.#named.get(stream)
    if (!watches?.delete(number)) return false
    if (watches.size === 0) this.#named.delete(stream)
    this.#namedCount -= 1
    return true
  }

  async #load(): Promise<void> {
    const { store } = this.#deps
    await store.settled()
    for await (const [key, value] of store.range(...rangeOf(storedKeys.watches))) {
      this.#patterns.set(key.slice(storedKeys.watches.length), storedJson(key, value, isWatchRecord))
    }
    for await (const [key, value] of store.range(...rangeOf(storedKeys.namedWatches))) {
      this.#addNamed(storedJson(key, value, isNamedWatchRecord))
    }
    this.#isLoaded = true
  }

  async #find(pattern: string, after: string): Promise<FoundStreams> {
    const start = storedKeys.stream(literalStart(pattern))
    const from = after === '' ? start : `${storedKeys.stream(after)}\0`
    const streams: StreamNews[] = []
    let looks = MOST_LOOKED_AT
    for await (const [key, value] of this.#deps.store.range(from, rangeOf(storedKeys.streams)[1])) {
      if (!key.startsWith(start)) break
      const record = storedJson(key, value, isStreamRecord)
      if (isFound(record, pattern)) streams.push(newsOf(record.path, record))
      if (streams.length === MOST_FOUND || --looks === 0) return { streams, next: record.path }
    }
    return { streams, next: '' }
  }
}

/** What a subscription is told of a stream. */
export function newsOf(stream: string, record: StreamRecord | null): StreamNews {
  return record === null || record.deleted ? { stream, id: '', tail: 0 } : { stream, id: record.id, tail: record.tail }
}

function isFound({ path, deleted }: StreamRecord, pattern: string): boolean {
  return !deleted && !path.startsWith(CONTROL_PREFIX) && matchesGlob(pattern, path)
}

function jsonOf(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}
