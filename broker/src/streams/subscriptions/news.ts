import { TailraceError } from '@tailrace/schemas'
import type { StreamNews, TellNews } from '../../api/subscriptions-api.ts'
import type { Clock, TimerHandle } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import { rangeOf, storedKeys } from '../state/stored-keys.ts'
import type { StreamsStore } from '../state/streams-store.ts'
import type { Watcher, Watches } from './watches.ts'

/** Streams that are told of at a time. */
const MOST_TOLD = 200
const RETRY_MS = 500
/** In the place of a path. */
const NOBODY = ''

/** Paths of subscriptions that could not be told all, and why. */
type Failures = ReadonlyMap<string, unknown>

export interface NewsDeps {
  readonly store: Pick<StreamsStore, 'range' | 'settled'>
  readonly watches: Pick<Watches, 'loaded' | 'watchersOf' | 'unwatch'>
  readonly current: (stream: string) => Promise<StreamNews>
  /** Resolves to false when there is no such subscription any more. */
  readonly tell: (path: string, news: TellNews) => Promise<boolean>
  /** All have been told this; the mark goes, unless there is more by now. */
  readonly told: (news: StreamNews) => Promise<void>
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Tells subscriptions of streams of one partition that have changed. An append of a stream that is watched leaves a
 * mark in its entry, and the mark goes when the subscriptions have it in their logs: so none is missed, and some may
 * be told twice.
 */
export class News {
  readonly #deps: NewsDeps
  #walking: Promise<Failures> | null = null
  #mustWalk = false
  #timer: TimerHandle | null = null
  #isClosed = false

  constructor(deps: NewsDeps) {
    this.#deps = deps
  }

  /** There is a mark, or may be one. */
  begin(): void {
    this.#mustWalk = true
    if (this.#walking === null && this.#timer === null) void this.#walk().catch(() => undefined)
  }

  /** Resolves when one subscription has been told all that is marked now. Rejects when it could not be. */
  async handIn(path: string): Promise<void> {
    await this.#walking?.catch(() => undefined)
    const failures = await (this.#walking ?? this.#walk())
    if (failures.has(path)) throw failures.get(path)
  }

  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
  }

  #walk(): Promise<Failures> {
    this.#timer?.cancel()
    this.#timer = null
    this.#mustWalk = false
    const walk = this.#walkOnce()
    this.#walking = walk
    void walk.then(
      (failures) => (failures.size === 0 ? this.#ended(0) : this.#failed([...failures.values()][0])),
      (error) => this.#failed(error),
    )
    return walk
  }

  #failed(error: unknown): void {
    if (!this.#isClosed) this.#deps.logger.info({ err: error }, 'subscriptions are told of streams again')
    this.#mustWalk = true
    this.#ended(RETRY_MS)
  }

  #ended(waitMs: number): void {
    this.#walking = null
    if (!this.#mustWalk || this.#isClosed) return
    this.#timer = this.#deps.clock.after(waitMs, () => {
      this.#timer = null
      this.begin()
    })
  }

  async #walkOnce(): Promise<Failures> {
    const { store, watches } = this.#deps
    await watches.loaded()
    const [start, end] = rangeOf(storedKeys.news)
    const failures = new Map<string, unknown>()
    for (let from = start; !this.#isClosed; ) {
      await store.settled()
      const streams: string[] = []
      for await (const [key] of store.range(from, end)) {
        if (streams.push(key.slice(storedKeys.news.length)) === MOST_TOLD) break
      }
      if (streams.length > 0) await this.#tellOf(streams, failures)
      if (streams.length < MOST_TOLD) break
      from = `${storedKeys.newsOf(streams.at(-1)!)}\0`
    }
    if (this.#isClosed) throw new TailraceError('NOT_LEADER')
    return failures
  }

  async #tellOf(streams: readonly string[], failures: Map<string, unknown>): Promise<void> {
    const { current, told } = this.#deps
    const news = await Promise.all(streams.map(current))
    const tasks = new Map<string, { readonly watcher: Watcher; readonly news: StreamNews[] }>()
    for (const one of news) {
      for (const watcher of this.#deps.watches.watchersOf(one.stream)) {
        const task = tasks.get(watcher.number) ?? { watcher, news: [] }
        tasks.set(watcher.number, task)
        task.news.push(one)
      }
    }
    const missed = new Set<string>()
    await Promise.all(
      [...tasks.values()].map(async (task) => {
        try {
          await this.#tell(task.watcher, task.news)
        } catch (error) {
          failures.set(task.watcher.path, error)
          for (const { stream } of task.news) missed.add(stream)
        }
      }),
    )
    // A mark that stays is told again, which harms nobody.
    const stays = (error: unknown): unknown => failures.set(NOBODY, error)
    await Promise.all(news.filter(({ stream }) => !missed.has(stream)).map((one) => told(one).catch(stays)))
  }

  async #tell({ number, path }: Watcher, news: readonly StreamNews[]): Promise<void> {
    const isThere = await this.#deps.tell(path, { act: 'news', number, news })
    if (!isThere) await this.#deps.watches.unwatch(number, null)
  }
}
