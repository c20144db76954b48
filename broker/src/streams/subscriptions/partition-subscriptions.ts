import { TailraceError } from '@tailrace/schemas'
import type { StreamNews, SubscriptionAct, SubscriptionAnswer } from '../../api/subscriptions-api.ts'
import type { StreamChange } from '../state/change-codec.ts'
import { storedKeys } from '../state/stored-keys.ts'
import type { StreamRecord } from '../state/stream-record.ts'
import { done } from './answers.ts'
import type { DeskDeps } from './desk.ts'
import { News } from './news.ts'
import { Subscriptions } from './subscriptions.ts'
import { newsOf, Watches } from './watches.ts'

const NOTED = new Uint8Array([1])

export interface PartitionSubscriptionsDeps extends DeskDeps {
  /** As committed. */
  readonly current: (stream: string) => Promise<StreamRecord | null>
  /** See WatchesDeps. */
  readonly judgedBefore: () => Promise<void>
  /** See NewsDeps. */
  readonly told: (news: StreamNews) => Promise<void>
}

/** What one partition has to do with subscriptions: those that are in it, and those that are about its streams. */
export class PartitionSubscriptions {
  readonly #watches: Watches
  readonly #news: News
  readonly #own: Subscriptions

  constructor(deps: PartitionSubscriptionsDeps) {
    const { store, propose, judgedBefore, told, clock, logger } = deps
    const current = async (stream: string): Promise<StreamNews> => newsOf(stream, await deps.current(stream))
    this.#watches = new Watches({ store, propose, judgedBefore, current })
    this.#news = new News({
      store,
      watches: this.#watches,
      current,
      tell: async (path, news) => {
        const { result } = await deps.ask({ kind: 'subscription', path, act: news })
        const { isThere, isMaking = false } = result.answer.body as { isThere: boolean; isMaking?: boolean }
        if (isMaking) throw new TailraceError('NOT_READY', 'The subscription is being made.')
        return isThere
      },
      told,
      clock,
      logger,
    })
    this.#own = new Subscriptions(deps)
  }

  /** Subscriptions that this partition has. */
  get size(): number {
    return this.#own.size
  }

  /** What a former leader has left undone. Never rejects. */
  async begin(): Promise<void> {
    this.#news.begin()
    // What cannot be read is told to those who ask.
    await this.#own.loaded().catch(() => undefined)
  }

  /** Before it no change of a stream may be judged. @throws TailraceError STORAGE_CORRUPT */
  loaded(): Promise<void> {
    return this.#watches.loaded()
  }

  /** What the entry of a change has besides: a mark, where a subscription wants to know of it. */
  marks(stream: string, before: StreamRecord | null, now: StreamRecord | null): readonly StreamChange[] {
    const [was, is] = [newsOf(stream, before), newsOf(stream, now)]
    const isNews = was.id !== is.id || was.tail !== is.tail
    return isNews && this.#watches.isWatched(stream) ? [[storedKeys.newsOf(stream), NOTED]] : []
  }

  /** A change with a mark is committed. */
  marked(): void {
    this.#news.begin()
  }

  /** @throws TailraceError as StreamsApi.ask */
  async answer(path: string, act: SubscriptionAct): Promise<SubscriptionAnswer> {
    switch (act.act) {
      case 'watch':
        return done(await this.#watches.watch(path, act))
      case 'unwatch':
        await this.#watches.unwatch(act.number, act.stream)
        return done()
      case 'list':
        return done(await this.#own.list(act.after))
      case 'hand-in':
        await this.#news.handIn(path)
        return done()
      default:
        return this.#own.answer(path, act)
    }
  }

  close(): void {
    this.#news.close()
    this.#own.close()
  }
}
