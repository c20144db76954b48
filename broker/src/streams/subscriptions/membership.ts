import type { StreamNews } from '../../api/subscriptions-api.ts'
import type { Desk } from './desk.ts'
import { matchesGlob } from './glob.ts'
import { linkChanges } from './links.ts'
import type { SubscriptionEntry } from './subscription-entry.ts'
import type { LinkRecord, SubscriptionRecord } from './subscription-record.ts'
import type { FoundStreams } from './watches.ts'

/** Which streams a subscription is about. All in the turn of the subscription. */
export class Membership {
  readonly #desk: Desk

  constructor(desk: Desk) {
    this.#desk = desk
  }

  /**
   * Links the streams that are there, at their ends; what comes later is told from then on. May be begun again, over
   * the part that was done.
   */
  async make(entry: SubscriptionEntry): Promise<void> {
    const { partitions, partitionOf } = this.#desk.deps
    const { pattern, streams } = entry.record.config
    await Promise.all(
      Array.from({ length: partitions }, async (_, partition) => {
        const named = streams.filter((stream) => partitionOf(stream) === partition)
        if (pattern !== null || named.length > 0) await this.#watch(entry, partition, pattern, named)
      }),
    )
    await this.#desk.commit(entry, { ...entry.record, isMaking: false })
  }

  async link(entry: SubscriptionEntry, streams: readonly string[]): Promise<void> {
    const partitions = Map.groupBy(streams, this.#desk.deps.partitionOf)
    await Promise.all([...partitions].map(([partition, named]) => this.#watch(entry, partition, null, named)))
  }

  async unlink(entry: SubscriptionEntry, stream: string): Promise<void> {
    const { record } = entry
    const link = await this.#desk.links.get(record.number, stream)
    if (!link?.explicit) return
    const left = isMatched(record, stream) ? { ...link, explicit: false } : null
    await this.#desk.deps.propose(linkChanges(record.number, stream, left))
    const partition = this.#desk.deps.partitionOf(stream)
    await this.#desk.askAbout(record.path, { act: 'unwatch', partition, number: record.number, stream })
  }

  /** Streams have changed, as their partition tells. */
  async told({ record }: SubscriptionEntry, news: readonly StreamNews[]): Promise<void> {
    const { number } = record
    const changes = await Promise.all(
      news.map(async (one) => {
        const link = await this.#desk.links.get(number, one.stream)
        if (link === null && !isMatched(record, one.stream)) return []
        const now = linkAfter(link, one)
        return now === link ? [] : linkChanges(number, one.stream, now)
      }),
    )
    if (changes.some((some) => some.length > 0)) await this.#desk.deps.propose(changes.flat())
  }

  async #watch(
    { record }: SubscriptionEntry,
    partition: number,
    pattern: string | null,
    named: readonly string[],
  ): Promise<void> {
    const { path, number } = record
    let [after, streams] = ['', named]
    do {
      const asked = { act: 'watch', partition, number, pattern, streams, after } as const
      const found = (await this.#desk.askAbout(path, asked)).body as FoundStreams
      const changes = await Promise.all(
        found.streams.map(async ({ stream, id, tail }) => {
          const explicit = streams.includes(stream)
          const known = await this.#desk.links.get(number, stream)
          const link = known ?? { streamId: id, tail, acked: tail, explicit: false }
          return linkChanges(number, stream, { ...link, explicit: link.explicit || explicit })
        }),
      )
      if (changes.length > 0) await this.#desk.deps.propose(changes.flat())
      after = found.next
      streams = []
    } while (after !== '')
  }
}

function isMatched({ config: { pattern } }: SubscriptionRecord, stream: string): boolean {
  return pattern !== null && matchesGlob(pattern, stream)
}

/** The same object: nothing is new. Null: there is no link. */
function linkAfter(link: LinkRecord | null, { id, tail }: StreamNews): LinkRecord | null {
  if (link === null) return id === '' ? null : { streamId: id, tail, acked: 0, explicit: false }
  if (id === '') return link.explicit ? { streamId: '', tail: 0, acked: 0, explicit: true } : null
  if (link.streamId !== id) return { ...link, streamId: id, tail, acked: 0 }
  return tail > link.tail ? { ...link, tail } : link
}
