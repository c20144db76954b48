import type { PartitionNumber } from '@tailrace/schemas'
import { placeKey } from '../place-key.ts'

/** A partition that a member has. */
export interface Holding {
  /** The kind of the partition: see `Holdings`. */
  readonly topic: number
  readonly partition: PartitionNumber
  /** The epoch in which its owner got it. */
  readonly since: number
}

interface Subscriber {
  readonly id: string
  readonly topicIds: ReadonlySet<string>
  readonly declined?: ReadonlySet<string>
}

interface Topic {
  readonly topicId: string
  readonly partitions: number
}

/**
 * Which member has which partitions, while an assignment is made. Members and topics are numbers here. A partition that
 * some members decline counts as a topic of its own, to which the others subscribe.
 */
export class Holdings {
  /** By topic, the members that subscribe to it, in the order of their ids. */
  readonly subscribers: readonly (readonly number[])[]
  /** By member, what it has. */
  readonly held: readonly Holding[][]
  /** By member, the latest `since` of what it has; -1: it has nothing. */
  readonly newest: number[]
  readonly #ids: readonly string[]
  readonly #numbers: ReadonlyMap<string, number>
  readonly #topics: readonly Topic[]
  /** By `placeKey`, the numbers of those partitions that are a topic of their own. */
  readonly #alone = new Map<string, number>()
  /** By topic, the place in the list of topics. */
  readonly #places: number[]
  /** By member, how many partitions it declines. */
  readonly #declined: number[]
  /** By topic and member, the number of partitions. */
  readonly #counts: Uint16Array
  readonly #subscribed: Uint8Array

  constructor(members: readonly Subscriber[], topics: readonly Topic[]) {
    const sorted = [...members].sort((a, b) => (a.id < b.id ? -1 : 1))
    this.#ids = sorted.map(({ id }) => id)
    this.#numbers = new Map(this.#ids.map((id, number) => [id, number]))
    this.#topics = topics
    this.held = sorted.map(() => [])
    this.newest = sorted.map(() => -1)
    this.#places = [...topics.keys()]
    this.#declined = sorted.map(() => 0)
    const subscribers = topics.map(({ topicId }) => {
      return [...sorted.keys()].filter((number) => sorted[number]!.topicIds.has(topicId))
    })
    for (const { place, key } of declinedOf(sorted, topics)) {
      this.#alone.set(key, this.#places.length)
      this.#places.push(place)
      const declines = (number: number): boolean => sorted[number]!.declined?.has(key) ?? false
      for (const number of subscribers[place]!.filter(declines)) this.#declined[number]! += 1
      subscribers.push(subscribers[place]!.filter((number) => !declines(number)))
    }
    this.subscribers = subscribers
    this.#counts = new Uint16Array(subscribers.length * sorted.length)
    this.#subscribed = new Uint8Array(subscribers.length * sorted.length)
    subscribers.forEach((numbers, topic) => {
      for (const number of numbers) this.#subscribed[this.#place(topic, number)] = 1
    })
  }

  /** The number under which a partition of the topic at this place is held. */
  kindOf(place: number, partition: PartitionNumber): number {
    if (this.#alone.size === 0) return place
    return this.#alone.get(placeKey({ topicId: this.#topics[place]!.topicId, partition })) ?? place
  }

  /** The number of a member, if it subscribes to the topic, else -1. */
  subscriber(id: string, topic: number): number {
    const number = this.#numbers.get(id)
    return number !== undefined && this.subscribes(number, topic) ? number : -1
  }

  subscribes(member: number, topic: number): boolean {
    return this.#subscribed[this.#place(topic, member)] === 1
  }

  countOf(member: number, topic: number): number {
    return this.#counts[this.#place(topic, member)]!
  }

  /** By how much a member is loaded: what it has, and what it declines, for it is busy with that. */
  loadOf(member: number): number {
    return this.held[member]!.length + this.#declined[member]!
  }

  give(holding: Holding, member: number): void {
    this.held[member]!.push(holding)
    this.newest[member] = Math.max(this.newest[member]!, holding.since)
    this.#counts[this.#place(holding.topic, member)]! += 1
  }

  /** It counts as one that has just moved. */
  move(holding: Holding, from: number, to: number): void {
    const held = this.held[from]!
    held.splice(held.lastIndexOf(holding), 1)
    this.newest[from] = held.reduce((newest, { since }) => Math.max(newest, since), -1)
    this.#counts[this.#place(holding.topic, from)]! -= 1
    this.give({ ...holding, since: Number.POSITIVE_INFINITY }, to)
  }

  /** The subscriber of a topic that has the fewest partitions, of this topic among those; -1: there is none. */
  leastLoaded(topic: number): number {
    let least = -1
    for (const member of this.subscribers[topic]!) {
      if (least === -1) least = member
      const fewer = this.loadOf(member) - this.loadOf(least)
      if (fewer < 0 || (fewer === 0 && this.countOf(member, topic) < this.countOf(least, topic))) least = member
    }
    return least
  }

  owners(): ReadonlyMap<string, readonly string[]> {
    const owners = this.#topics.map(({ partitions }) => new Array<string>(partitions).fill(''))
    this.held.forEach((held, member) => {
      for (const { topic, partition } of held) owners[this.#places[topic]!]![partition] = this.#ids[member]!
    })
    return new Map(this.#topics.map(({ topicId }, topic) => [topicId, owners[topic]!]))
  }

  #place(topic: number, member: number): number {
    return topic * this.held.length + member
  }
}

/** The partitions of these topics that a subscriber declines, each once, in an order that depends on nothing else. */
function declinedOf(members: readonly Subscriber[], topics: readonly Topic[]): { place: number; key: string }[] {
  if (members.every(({ declined }) => declined === undefined || declined.size === 0)) return []
  return topics.flatMap(({ topicId, partitions }, place) => {
    const declining = members.filter(({ topicIds, declined }) => declined !== undefined && topicIds.has(topicId))
    return Array.from({ length: partitions }, (_, partition) => placeKey({ topicId, partition }))
      .filter((key) => declining.some(({ declined }) => declined!.has(key)))
      .map((key) => ({ place, key }))
  })
}
