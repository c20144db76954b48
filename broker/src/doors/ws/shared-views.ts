import { TailraceError } from '@tailrace/schemas'
import type { BrokerApi, TopicSummary } from '../../api/broker-api.ts'
import type { BrokerCondition } from '../../api/condition.ts'
import type { Clock, TimerHandle } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import { withDeadline } from '../../platform/timing/deadline.ts'
import { conditionsText } from './conditions-text.ts'
import { type DescribedTopic, everyMs, freshMs, TopicDescriptions } from './topic-descriptions.ts'

/** A state does not wait longer for descriptions; those that come later are part of the next one. */
const patienceMs = 500
/** Watchers that are shown a state in one turn of the event loop. */
const watchersInATurn = 32

type WatchedApi = Pick<BrokerApi, 'describeCluster' | 'describeTopic' | 'listTopics' | 'readiness'>

export interface Watched {
  readonly api: WatchedApi
  /** Of all brokers. Never rejects. Default: of none. */
  readonly conditions?: () => Promise<readonly BrokerCondition[]>
}

/** The topics of a broker. While nothing changes it is the same object. */
export interface TopicList {
  readonly topics: readonly TopicSummary[]
  readonly byName: ReadonlyMap<string, TopicSummary>
  /** The array in JSON. */
  readonly text: string
}

/** What a broker knows, each part in JSON. Nobody's rights have been applied to it. */
export interface View {
  readonly ready: string
  /** Null: not known yet. */
  readonly cluster: string | null
  /** Null: not known yet. */
  readonly conditions: string | null
  readonly list: TopicList
  described(name: string): DescribedTopic | null
}

export interface Watcher {
  /** The topics whose descriptions it needs now. */
  wants(view: View): readonly string[]
  show(view: View): void
  /** It cannot go on: `wants` or `show` has thrown this error, or nothing can be computed. */
  fail(error: unknown): void
}

const noTopics: TopicList = { topics: [], byName: new Map(), text: '[]' }

/**
 * What the watchers of all connections are shown, computed once a second for all of them, and not at all while there
 * are none.
 */
export class SharedViews implements View {
  readonly #api: WatchedApi
  readonly #conditions: () => Promise<readonly BrokerCondition[]>
  readonly #clock: Clock
  readonly #log: Logger
  readonly #descriptions: TopicDescriptions
  readonly #watchers = new Set<Watcher>()
  ready = ''
  cluster: string | null = null
  conditions: string | null = null
  list = noTopics
  #lookedAt = Number.NEGATIVE_INFINITY
  #looking: Promise<void> = Promise.resolve()
  #timer: TimerHandle | null = null
  #inRound = false

  constructor({ api, conditions = async () => [] }: Watched, clock: Clock, log: Logger) {
    this.#api = api
    this.#conditions = conditions
    this.#clock = clock
    this.#log = log
    this.#descriptions = new TopicDescriptions(api, clock, log)
  }

  get watchers(): number {
    return this.#watchers.size
  }

  described(name: string): DescribedTopic | null {
    return this.#descriptions.of(name)
  }

  /** It is shown what there is as soon as that is known, then every second until it is removed. */
  add(watcher: Watcher): void {
    this.#watchers.add(watcher)
    if (this.#timer === null && !this.#inRound) this.#schedule()
    this.#renew([watcher])
      .then(() => this.#show(watcher))
      .catch((error) => watcher.fail(error))
  }

  remove(watcher: Watcher): void {
    this.#watchers.delete(watcher)
  }

  /** Nothing is computed any more, and nothing may be added. */
  close(): void {
    this.#watchers.clear()
    this.#timer?.cancel()
  }

  #schedule(): void {
    this.#timer = this.#clock.after(everyMs, () => {
      this.#timer = null
      this.#inRound = true
      this.#round()
        .catch((error) => {
          for (const watcher of [...this.#watchers]) watcher.fail(error)
        })
        .finally(() => {
          this.#inRound = false
          if (this.#watchers.size > 0) this.#schedule()
        })
    })
  }

  async #round(): Promise<void> {
    const watchers = [...this.#watchers]
    // The last watcher has left in the second before: what was known is forgotten.
    if (watchers.length === 0) {
      this.list = noTopics
      this.cluster = null
      this.conditions = null
      this.#lookedAt = Number.NEGATIVE_INFINITY
      this.#descriptions.keep(new Set())
      return
    }
    this.#descriptions.keep(await this.#renew(watchers))
    for (const [at, watcher] of watchers.entries()) {
      this.#show(watcher)
      if ((at + 1) % watchersInATurn === 0) await new Promise<void>((resolve) => this.#clock.soon(resolve))
    }
  }

  #show(watcher: Watcher): void {
    this.#guard(watcher, () => {
      if (this.#watchers.has(watcher)) watcher.show(this)
    })
  }

  /** Computes what is a second old, of topics those that these watchers want. Returns their names. */
  async #renew(watchers: readonly Watcher[]): Promise<ReadonlySet<string>> {
    const work: Promise<void>[] = [this.#fresh()]
    const wanted = new Set<string>()
    for (const watcher of watchers) {
      this.#guard(watcher, () => {
        for (const name of watcher.wants(this)) wanted.add(name)
      })
    }
    if (wanted.size > 0) work.push(this.#descriptions.refresh(wanted))
    await withDeadline<unknown>(this.#clock, patienceMs, Promise.all(work), () => undefined)
    return wanted
  }

  /** Two that come one after the other wait for the same answer. */
  #fresh(): Promise<void> {
    const now = this.#clock.monotonic()
    if (now - this.#lookedAt < freshMs) return this.#looking
    this.#lookedAt = now
    this.#looking = this.#look()
    return this.#looking
  }

  async #look(): Promise<void> {
    const { ready, reason } = this.#api.readiness()
    this.ready = JSON.stringify({ ready, reason })
    this.#lookAtTopics()
    await Promise.all([this.#lookAtCluster(), this.#lookAtConditions()])
  }

  async #lookAtCluster(): Promise<void> {
    try {
      const { brokers, ...cluster } = await this.#api.describeCluster()
      // The load changes all the time, and a change is told to every watcher.
      this.cluster = JSON.stringify({ ...cluster, brokers: brokers.map(({ load: _, ...broker }) => broker) })
    } catch (error) {
      if (!(error instanceof TailraceError)) this.#log.error({ err: error }, 'describing the cluster failed')
    }
  }

  async #lookAtConditions(): Promise<void> {
    this.conditions = conditionsText(await this.#conditions())
  }

  #lookAtTopics(): void {
    try {
      const topics = this.#api.listTopics()
      const text = JSON.stringify(topics)
      if (text === this.list.text) return
      this.list = { topics, byName: new Map(topics.map((topic) => [topic.name, topic])), text }
    } catch (error) {
      // A broker that has not caught up with the metadata knows no list, and says so as its readiness.
      if (!(error instanceof TailraceError)) throw error
    }
  }

  #guard(watcher: Watcher, act: () => void): void {
    try {
      act()
    } catch (error) {
      watcher.fail(error)
    }
  }
}
