import { Fifo, type TopicRoute } from '@tailrace/client'
import { partitionForKey, TailraceError } from '@tailrace/schemas'
import type { Settler } from './batch.ts'
import type { Identity } from './identity.ts'
import { Lane, type LaneContext } from './lane.ts'
import type { Together } from './publish-parts/condition.ts'
import { type ProducerRecord, recordInput } from './record.ts'
import type { Intake, Send } from './sends.ts'
import { StickyPartition } from './sticky-partition.ts'

/** What a topic needs of its producer. */
export interface TopicContext extends LaneContext {
  readonly hasRoom: boolean
  /** The identity that lanes start with. */
  identity(): Promise<Identity>
  /** Counts sends that wait. @throws TailraceError OVERLOADED when too many do */
  wait(sends: number): void
}

const encoder = new TextEncoder()
const scratch = new Uint8Array(1024)

/**
 * A topic's lanes, one for each partition, and the sends that wait until the topic is known or there is room. Sends
 * keep their order. A send names a topic by its name: when the topic is deleted and another topic gets the name,
 * records that are not acknowledged go there.
 */
export class TopicLanes implements Intake {
  readonly #topic: string
  readonly #context: TopicContext
  readonly #now: () => number
  readonly #waiting = new Fifo<Send>()
  readonly #lanes: Lane[] = []
  readonly #sticky: StickyPartition
  #isLoading = false
  #route: TopicRoute | undefined
  #identity: Identity | undefined
  #metadataVersion = -1

  constructor(topic: string, context: TopicContext) {
    this.#topic = topic
    this.#context = context
    const { now, random } = context.client.surroundings
    this.#now = now
    this.#sticky = new StickyPartition(context.settings, context.counts, random)
    context.client.onMetadataChange(() => this.#follow())
  }

  get lanes(): readonly Lane[] {
    return this.#lanes
  }

  get hasRoom(): boolean {
    return this.#context.hasRoom
  }

  /** Takes a send: its records go to batches at once if nothing is before it and there is room, else later. */
  offer(send: Send): void {
    if (this.#route !== undefined && this.#waiting.length === 0 && send.feed(this)) return
    try {
      this.#context.wait(1)
    } catch (error) {
      send.stop(TailraceError.from(error))
      return
    }
    this.#waiting.push(send)
    if (this.#route === undefined && !this.#isLoading) void this.#load()
  }

  /** Goes on with the sends that wait. */
  resume(): void {
    if (this.#route === undefined) return
    while (this.#waiting.first?.feed(this)) {
      this.#waiting.shift()
      this.#context.wait(-1)
    }
  }

  /** The sends that wait now, for calls that wait for them. */
  waitingSends(): Send[] {
    const sends: Send[] = []
    for (let n = this.#waiting.length; n > 0; n--) {
      const send = this.#waiting.shift()!
      this.#waiting.push(send)
      sends.push(send)
    }
    return sends
  }

  /** Fails everything whose outcome is open. */
  end(error: TailraceError): void {
    for (let send = this.#waiting.shift(); send !== undefined; send = this.#waiting.shift()) {
      this.#context.wait(-1)
      this.#context.counts.failedRecords += send.remaining
      send.stop(error)
    }
    for (const lane of this.#lanes) lane.end(error)
  }

  accept(record: ProducerRecord, settler: Settler, position: number): void {
    try {
      if (typeof record !== 'object' || record === null)
        throw new TailraceError('INVALID_RECORD', 'It is not an object.')
      this.#lanes[this.#choose(record)]!.append(recordInput(record, this.#now), settler, position)
    } catch (error) {
      this.#context.counts.failedRecords++
      throw error
    }
  }

  acceptTogether({ partition, condition, records }: Together, settler: Settler): void {
    this.#follow()
    this.#laneOf(partition).appendTogether(
      records.map((record) => recordInput(record, this.#now)),
      condition,
      settler,
    )
  }

  async #load(): Promise<void> {
    this.#isLoading = true
    try {
      const { client, settings, ended } = this.#context
      const [route, identity] = await Promise.all([
        client.topic(this.#topic, { timeoutMs: settings.deliveryTimeoutMs, signal: ended, create: true }),
        this.#context.identity(),
      ])
      this.#grow(route, identity)
      this.resume()
    } catch (error) {
      this.end(TailraceError.from(error))
    } finally {
      this.#isLoading = false
    }
  }

  #grow(route: TopicRoute, identity: Identity): void {
    this.#route = route
    this.#identity = identity
    for (let partition = this.#lanes.length; partition < route.leaders.length; partition++) {
      this.#lanes.push(new Lane(this.#context, route, partition, identity))
    }
  }

  /** Takes up partitions that were added to the topic, and another topic that has got its name. */
  #follow(): void {
    const { metadata } = this.#context.client
    if (metadata.version === this.#metadataVersion) return
    this.#metadataVersion = metadata.version
    const route = metadata.topic(this.#topic)
    const before = this.#route
    if (route === undefined || before === undefined || this.#context.ended.aborted) return
    if (route.id !== before.id) this.#moveTo(route)
    else if (route.leaders.length > this.#lanes.length) this.#grow(route, this.#identity!)
  }

  /** Sequences count per partition of a topic, so the identity begins at 0 in each of this one. */
  #moveTo(route: TopicRoute): void {
    const former = this.#lanes.splice(0)
    this.#sticky.reset()
    this.#grow(route, this.#identity!)
    let bytes = 0
    for (const lane of former) {
      for (const batch of lane.retire()) {
        // A condition is about the topic that is gone.
        if (batch.condition !== undefined) batch.fail(new TailraceError('TOPIC_ID_MISMATCH', `"${this.#topic}".`))
        else batch.moveTo((record, settler, position) => this.accept(record, settler, position))
        bytes += batch.bufferedBytes
      }
    }
    // Only now: when there is room sends continue, and they stand behind the moved records.
    this.#context.buffer(-bytes)
  }

  #choose(record: ProducerRecord): number {
    this.#follow()
    const partitions = this.#lanes.length
    const { partitioner } = this.#context.settings
    let chosen = record.partition
    if (chosen === undefined && partitioner !== undefined) chosen = partitioner(record, partitions, this.#topic)
    if (chosen !== undefined) {
      this.#laneOf(chosen)
      return chosen
    }
    const { key } = record
    if (key === undefined || key === null) return this.#sticky.choose(this.#lanes)
    return typeof key === 'string' ? partitionForText(key, partitions) : partitionForKey(key, partitions)
  }

  #laneOf(partition: number): Lane {
    const lane = this.#lanes[partition]
    if (lane !== undefined) return lane
    const { length } = this.#lanes
    throw new TailraceError('UNKNOWN_PARTITION', `"${this.#topic}" has ${length} of them, not number ${partition}.`)
  }
}

/**
 * A key's text becomes bytes twice, here and in the batch; without memory of its own this costs less than passing it
 * along.
 */
function partitionForText(key: string, partitions: number): number {
  if (partitions === 1) return 0
  if (key.length * 3 > scratch.length) return partitionForKey(encoder.encode(key), partitions)
  return partitionForKey(scratch.subarray(0, encoder.encodeInto(key, scratch).written), partitions)
}
