import type { TopicSummary } from '../../api/broker-api.ts'
import { topicsToRoute } from '../../cluster/routing/topics-to-route.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Authorizer } from '../../security/access/authorizer.ts'
import type { Session } from '../../security/identity/session.ts'
import type { Rights } from '../limits/rights.ts'
import type { TopicList, View, Watcher } from './shared-views.ts'
import type { StreamClient } from './stream-client.ts'
import type { TextId } from './text-requests.ts'
import { freshMs } from './topic-descriptions.ts'

export interface WatchParts {
  readonly client: Pick<StreamClient, 'authentication' | 'overfull' | 'sendText'>
  readonly rights: Pick<Rights, 'mayDescribe' | 'mayDescribeCluster' | 'session'>
  readonly authorizer: Pick<Authorizer, 'version'>
  readonly clock: Clock
  /** The watch cannot go on. */
  readonly fail: (error: unknown) => void
}

/** The list of topics as a session may see it, and by which rules. */
interface ShownList {
  readonly of: TopicList
  readonly session: Session
  readonly rules: number
  readonly text: string
}

/**
 * One watch of a client: sends the state of the broker, as far as the session may see it, whenever it is another than
 * the last one.
 */
export class Watch implements Watcher {
  readonly #id: TextId
  readonly #topics: readonly string[]
  readonly #parts: WatchParts
  /** The parts of the last state, without its time. Most of them are shared with all other watches. */
  #last: readonly string[] = []
  #sentAt = Number.NEGATIVE_INFINITY
  #list: ShownList | null = null

  /** `topics`: the names of those to be described. */
  constructor(id: TextId, topics: readonly string[], parts: WatchParts) {
    this.#id = id
    this.#topics = topics
    this.#parts = parts
  }

  /** @throws TailraceError INVALID_REQUEST: the topics have too many partitions for one state */
  wants(view: View): readonly string[] {
    return this.#mayBeShown ? this.#named(view).map(({ name }) => name) : []
  }

  /** @throws TailraceError as `wants` */
  show(view: View): void {
    const { client, clock } = this.#parts
    if (!this.#mayBeShown || clock.monotonic() - this.#sentAt < freshMs) return
    const described = this.#described(view)
    const maySee = this.#parts.rights.mayDescribeCluster()
    const cluster = (maySee ? view.cluster : null) ?? 'null'
    const conditions = (maySee ? view.conditions : null) ?? 'null'
    const parts = [view.ready, cluster, conditions, this.#listText(view.list), ...described]
    if (areSame(parts, this.#last)) return
    this.#last = parts
    this.#sentAt = clock.monotonic()
    const head = JSON.stringify({ op: 'state', id: this.#id, at: clock.now() }).slice(0, -1)
    const [ready, , , list] = parts
    const broker = `"ready":${ready},"cluster":${cluster},"conditions":${conditions}`
    client.sendText(`${head},${broker},"topics":${list},"described":[${described.join()}]}`)
  }

  fail(error: unknown): void {
    this.#parts.fail(error)
  }

  /** The client reads what it is sent, and its session is not over. */
  get #mayBeShown(): boolean {
    const { client } = this.#parts
    return !client.overfull && client.authentication.problem() === null
  }

  /** Of the topics of the watch those that there are and that the session may describe. */
  #named({ list }: View): TopicSummary[] {
    const { rights } = this.#parts
    const find = (name: string) => (rights.mayDescribe(name) ? list.byName.get(name) : undefined)
    return topicsToRoute(this.#topics, find, ({ partitions }) => partitions)
  }

  /** A description that is of a former topic of the name is not shown. */
  #described(view: View): string[] {
    return this.#named(view).flatMap(({ name, id }) => {
      const told = view.described(name)
      return told?.id === id ? [told.text] : []
    })
  }

  #listText(list: TopicList): string {
    const { rights, authorizer } = this.#parts
    const [{ session }, rules] = [rights, authorizer.version]
    const shown = this.#list
    if (shown?.of === list && shown.session === session && shown.rules === rules) return shown.text
    const topics = list.topics.filter(({ name }) => rights.mayDescribe(name))
    const text = topics.length === list.topics.length ? list.text : JSON.stringify(topics)
    this.#list = { of: list, session, rules, text }
    return text
  }
}

function areSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((text, at) => text === others[at])
}
