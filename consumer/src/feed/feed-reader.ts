import { Arrivals } from './arrivals.ts'

/** The reader of a feed's batches. */
export interface FeedReader {
  readonly arrivals: Arrivals
  /**
   * Nothing more comes of the feed: an error of Tailrace, or what a function of the program has thrown. `now`: what has
   * come before is not to be read either.
   */
  failed(error: unknown, now: boolean): void
  closed(): void
}

/** The reader that asks the feed itself. */
export function soleReader(feed: { readonly isDone: boolean }): FeedReader {
  const arrivals = new Arrivals(() => feed.isDone)
  return { arrivals, failed: (error, now) => arrivals.fail(error, now), closed: () => arrivals.close() }
}
