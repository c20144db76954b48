import { TailraceError } from '@tailrace/schemas'
import type { StreamNews, WatchStreams } from '../../api/subscriptions-api.ts'
import { CONTROL_PREFIX } from '../../api/subscriptions-api.ts'
import { storedJson } from '../../log/store/stored-json.ts'
import type { StreamChange } from '../state/change-codec.ts'
import { rangeOf, storedKeys } from '../state/stored-keys.ts'
import { isStreamRecord, type StreamRecord } from '../state/stream-record.ts'
import type { StreamsStore } from '../state/streams-store.ts'
import { globOf, literalStart } from './glob.ts'
import { isNamedWatchRecord, isWatchRecord, type NamedWatchRecord, type WatchRecord } from './subscription-record.ts'

/** Of one partition: each append of it is held against all patterns. */
const MOST_PATTERNS = 1_000
const MOST_NAMED = 20_000
/** Streams of which it is known who watches them. */
const MOST_KNOWN = 1_000
/** Of one answer to `watch`. */
const MOST_FOUND = 200
const MOST_LOOKED_AT = 5_000

/** A subscription that wants to know of a stream. */
export interface Watcher {
  readonly number: string
  readonly path: string
}

interface Pattern {
  readonly watcher: Watcher
  readonly matches: (name: string) => boolean
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
  readonly #patterns = new Map<string, Pattern>()
  /** By stream, then by the number of the subscription. */
  readonly #named = new Map<string, Map<string, NamedWatchRecord>>()
  #namedCount = 0
  /** By stream, as long as nothing else is watched. */
  readonly #known = new Map<string, readonly Watcher[]>()
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
    const known = this.#known.get(stream)
    if (known !== undefined) return known
    const watchers = this.#find(stream)
    const [oldest] = this.#known.keys()
    if (this.#known.size >= MOST_KNOWN) this.#known.delete(oldest!)
    this.#known.set(stream, watchers)
    return watchers
  }

  isWatched(stream: string): boolean {
    return this.watchersOf(stream).length > 0
  }

  /** See WatchStreams. @throws TailraceError OVERLOADED */
  async watch(path: string, { number, pattern, streams, after }: WatchStreams): Promise<FoundStreams> {
    await this.loaded()
    await this.#inTurn(() => this.#register(path, { number, pattern, streams }))
    await this.#deps.judgedBefore()
    await this.#deps.store.settled()
    const named = await Promise.all(streams.map(this.#deps.current))
    if (pattern === null) return { streams: named, next: '' }
    const found = await this.#present(pattern, after)
    return { streams: [...named, ...found.streams], next: found.next }
  }

  /** See UnwatchStreams. */
  async unwatch(number: string, stream: string | null): Promise<void> {
    await this.loaded()
    await this.#inTurn(() => this.#unregister(number, stream))
  }

  async #unregister(number: string, stream: string | null): Promise<void> {
    const changes: StreamChange[] = []
    this.#known.clear()
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
      this.#known.clear()
      if (isNew) this.#patterns.delete(number)
      for (const stream of added) this.#removeNamed(number, stream)
      throw error
    }
  }

  #find(stream: string): readonly Watcher[] {
    const watchers = new Map<string, Watcher>()
    for (const [number, { watcher, matches }] of this.#patterns) if (matches(stream)) watchers.set(number, watcher)
    for (const [number, watcher] of this.#named.get(stream) ?? []) watchers.set(number, watcher)
    return [...watchers.values()]
  }

  #setPattern(number: string, { path, pattern }: WatchRecord): void {
    this.#known.clear()
    this.#patterns.set(number, { watcher: { number, path }, matches: globOf(pattern) })
  }

  #addPattern(number: string, record: WatchRecord): StreamChange {
    if (this.#patterns.size >= MOST_PATTERNS) throw new TailraceError('OVERLOADED', 'There are too many subscriptions.')
    this.#setPattern(number, record)
    return [storedKeys.watch(number), jsonOf(record)]
  }

  #addNamed(record: NamedWatchRecord): StreamChange {
    if (this.#namedCount >= MOST_NAMED) throw new TailraceError('OVERLOADED', 'Subscriptions name too many streams.')
    const { stream, number } = record
    this.#known.clear()
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
      this.#setPattern(key.slice(storedKeys.watches.length), storedJson(key, value, isWatchRecord))
    }
    for await (const [key, value] of store.range(...rangeOf(storedKeys.namedWatches))) {
      this.#addNamed(storedJson(key, value, isNamedWatchRecord))
    }
    this.#isLoaded = true
  }

  async #present(pattern: string, after: string): Promise<FoundStreams> {
    const start = storedKeys.stream(literalStart(pattern))
    const matches = globOf(pattern)
    const from = after === '' ? start : `${storedKeys.stream(after)}\0`
    const streams: StreamNews[] = []
    let looks = MOST_LOOKED_AT
    for await (const [key, value] of this.#deps.store.range(from, rangeOf(storedKeys.streams)[1])) {
      if (!key.startsWith(start)) break
      const record = storedJson(key, value, isStreamRecord)
      if (isFound(record, matches)) streams.push(newsOf(record.path, record))
      if (streams.length === MOST_FOUND || --looks === 0) return { streams, next: record.path }
    }
    return { streams, next: '' }
  }
}

/** What a subscription is told of a stream. */
export function newsOf(stream: string, record: StreamRecord | null): StreamNews {
  return record === null || record.deleted ? { stream, id: '', tail: 0 } : { stream, id: record.id, tail: record.tail }
}

function isFound({ path, deleted }: StreamRecord, matches: (name: string) => boolean): boolean {
  return !deleted && !path.startsWith(CONTROL_PREFIX) && matches(path)
}

function jsonOf(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}
