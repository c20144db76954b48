import type { PartitionNumber } from '@tailrace/schemas'

/** A partition that a member has. */
export interface Holding {
  /** Its place in the list of topics. */
  readonly topic: number
  readonly partition: PartitionNumber
  /** The epoch in which its owner got it. */
  readonly since: number
}

interface Subscriber {
  readonly id: string
  readonly topicIds: ReadonlySet<string>
}

interface Topic {
  readonly topicId: string
  readonly partitions: number
}

/** Which member has which partitions, while an assignment is made. Members and topics are numbers here. */
export class Holdings {
  /** By topic, the members that subscribe to it, in the order of their ids. */
  readonly subscribers: readonly (readonly number[])[]
  /** By member, what it has. */
  readonly held: readonly Holding[][]
  /** By member, the latest `since` of what it has; -1: it has nothing. */
  readonly newest: number[]
  readonly #ids: readonly string[]
  readonly #numbers: ReadonlyMap<string, number>
  /** By topic and member, the number of partitions. */
  readonly #counts: Uint16Array
  readonly #subscribed: Uint8Array

  constructor(members: readonly Subscriber[], topics: readonly Topic[]) {
    const sorted = [...members].sort((a, b) => (a.id < b.id ? -1 : 1))
    this.#ids = sorted.map(({ id }) => id)
    this.#numbers = new Map(this.#ids.map((id, number) => [id, number]))
    this.held = sorted.map(() => [])
    this.newest = sorted.map(() => -1)
    this.#counts = new Uint16Array(topics.length * sorted.length)
    this.#subscribed = new Uint8Array(topics.length * sorted.length)
    this.subscribers = topics.map(({ topicId }, topic) => {
      const numbers = [...sorted.keys()].filter((number) => sorted[number]!.topicIds.has(topicId))
      for (const number of numbers) this.#subscribed[this.#place(topic, number)] = 1
      return numbers
    })
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
      const fewer = this.held[member]!.length - this.held[least]!.length
      if (fewer < 0 || (fewer === 0 && this.countOf(member, topic) < this.countOf(least, topic))) least = member
    }
    return least
  }

  owners(topics: readonly Topic[]): ReadonlyMap<string, readonly string[]> {
    const owners = topics.map(({ partitions }) => new Array<string>(partitions).fill(''))
    this.held.forEach((held, member) => {
      for (const { topic, partition } of held) owners[topic]![partition] = this.#ids[member]!
    })
    return new Map(topics.map(({ topicId }, topic) => [topicId, owners[topic]!]))
  }

  #place(topic: number, member: number): number {
    return topic * this.held.length + member
  }
}
