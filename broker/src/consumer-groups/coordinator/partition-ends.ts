import type { Offset, PartitionNumber } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { KnownTopic, TopicsView } from './topics-view.ts'

/** The ends of a topic's partitions by their numbers; -1: its leader does not tell. */
export type Ends = readonly Offset[]

/** Many groups read the same topic, and many programs ask for lag: what was told so lately is told again. */
const FRESH_MS = 1000
const MOST_TOPICS = 10_000

export interface PartitionEndsDeps {
  readonly view: TopicsView
  /** Asks the leaders; -1: one does not answer. Rejects with TailraceError. */
  readonly endsOf: (topic: KnownTopic) => Promise<Ends>
  readonly clock: Clock
  readonly logger: Logger
}

/** Where the partitions of topics end, for lag. */
export class PartitionEnds {
  readonly #deps: PartitionEndsDeps
  readonly #known = new Map<string, { readonly at: number; readonly ends: Promise<Ends> }>()

  constructor(deps: PartitionEndsDeps) {
    this.#deps = deps
  }

  /** Never rejects. A topic that does not exist any more, or is not known here yet, has no ends. */
  async of(topicIds: Iterable<string>): Promise<ReadonlyMap<string, Ends>> {
    const asked = await Promise.all([...new Set(topicIds)].map(async (id) => [id, await this.#ask(id)] as const))
    return new Map(asked)
  }

  #ask(topicId: string): Promise<Ends> {
    const topic = this.#deps.view.topicsById.get(topicId)
    if (topic === undefined) return Promise.resolve([])
    const now = this.#deps.clock.monotonic()
    const known = this.#known.get(topicId)
    if (known !== undefined && now - known.at < FRESH_MS) return known.ends
    if (this.#known.size >= MOST_TOPICS) this.#known.clear()
    const ends = this.#deps.endsOf(topic).catch((error: unknown) => {
      this.#deps.logger.info({ topic: topic.name, err: TailraceError.from(error) }, 'the ends of a topic are not known')
      return []
    })
    this.#known.set(topicId, { at: now, ends })
    return ends
  }
}

/** Records behind a committed position; -1: not known, or there is none. */
export function lagOf(ends: Ends | undefined, partition: PartitionNumber, offset: Offset): number {
  const end = ends?.[partition] ?? -1
  return end < 0 || offset < 0 ? -1 : Math.max(0, end - offset)
}
