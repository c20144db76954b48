import { BatchWriter, Compression, mayStillHold, type Offset, TailraceError } from '@tailrace/schemas'
import type { SimRandom } from '../../../../testing/src/simulation/sim-random.ts'
import { Finding } from '../finding.ts'
import type { SimBroker } from '../sim-broker.ts'
import type { World } from '../world.ts'
import type { Answered, Asked, ConditionHistory } from './condition-history.ts'

const ATTEMPT_MS = 1_500
const PAUSE_MS = 40
/** A search for an order of more takes long. */
const MOST_OPERATIONS = 250

const neverRight = new Set(['INVALID_BATCH', 'CORRUPT_BATCH', 'INVALID_REQUEST', 'BATCH_TOO_LARGE', 'INTERNAL'])
/** Nothing was written by this attempt. */
const notWritten = new Set([
  'NOT_LEADER',
  'LEADER_UNAVAILABLE',
  'OVERLOADED',
  'DISK_FULL',
  'UNKNOWN_PRODUCER',
  'NOT_READY',
])

export interface ConditionalPlace {
  readonly topic: string
  readonly partition: number
  readonly group: number
  readonly history: ConditionHistory
}

/**
 * Publishes, mostly under conditions: under a sequence, and sent again until the outcome is known, or once without one.
 */
export class ConditionalWriter {
  readonly #world: World
  readonly #random: SimRandom
  #id = -1
  #epoch = -1
  #sequence = 0
  /** Where it believes the partition to end, and its fencing token. */
  #end: Offset = 0
  #token = 0

  constructor(world: World, random: SimRandom) {
    this.#world = world
    this.#random = random
  }

  async run(place: ConditionalPlace): Promise<void> {
    const world = this.#world
    while (world.open && place.history.size < MOST_OPERATIONS) {
      await world.pause(this.#random.between(1, 120))
      if (this.#random.chance(0.15)) await this.#look(place)
      else await this.#write(place)
    }
  }

  /** Asks where the partition ends, linearizably. */
  async #look({ topic, partition, group, history }: ConditionalPlace): Promise<void> {
    const world = this.#world
    const invoked = world.loop.now
    try {
      const { highWatermark } = await world.call(
        this.#broker(group),
        ({ node }) => node.api.findOffset(topic, partition, { kind: 'LATEST', value: 0 }, { linearizable: true }),
        ATTEMPT_MS,
      )
      history.read(invoked, world.loop.now, highWatermark)
      this.#told(group, highWatermark)
    } catch {
      // Not answered: then no answer was wrong.
    }
  }

  async #write(place: ConditionalPlace): Promise<void> {
    const world = this.#world
    const asked = this.#draw()
    const named = asked.count === 0 || this.#random.chance(0.7)
    if (named && asked.count > 0 && !(await this.#introduce())) return
    const batch = this.#batchOf(asked.count, named)
    const invoked = world.loop.now
    let [isUnknown, attempts] = [false, 0]
    const settle = (answered: Answered): void => {
      if (named && answered === null) this.#id = -1
      place.history.published(asked, invoked, world.loop.now, answered, attempts)
      world.note(`${JSON.stringify(asked)} of ${place.topic}/${place.partition}: ${JSON.stringify(answered)}`)
    }
    while (world.open) {
      attempts++
      const answered = await this.#attempt(place, asked, batch, isUnknown)
      if (answered === 'unknown' && !named) return settle(null)
      if (answered === 'unknown') isUnknown = true
      else if (answered !== 'again') {
        if (named && asked.count > 0 && answered !== null && 'baseOffset' in answered) this.#sequence += asked.count
        return settle(answered)
      }
      await world.pause(PAUSE_MS)
    }
    settle(null)
  }

  async #attempt(
    { topic, partition, group }: ConditionalPlace,
    asked: Asked,
    batch: Uint8Array,
    isUnknown: boolean,
  ): Promise<Answered | 'again' | 'unknown'> {
    const world = this.#world
    const { count: _, ...condition } = asked
    const isConditional = Object.keys(condition).length > 0
    const options = {
      timeoutMs: ATTEMPT_MS,
      wait: this.#random.chance(0.3),
      ...(isConditional && { condition }),
    }
    world.publishing++
    try {
      const { baseOffset, lastOffset } = await world.call(
        this.#random.chance(0.2) ? world.anyDoor(this.#random) : this.#broker(group),
        ({ node }) => node.api.publish(topic, partition, batch.slice(), options),
        ATTEMPT_MS * 2,
      )
      this.#told(group, lastOffset + 1)
      return { baseOffset }
    } catch (error) {
      if (!(error instanceof TailraceError)) return 'unknown'
      const { code, endOffset, fence } = error
      if (neverRight.has(code)) world.watch.report(new Finding('idempotence', `a conditional publish: ${error}`))
      if (code === 'WRONG_EXPECTED_OFFSET') {
        this.#told(group, endOffset!)
        // An attempt that was lost on the way may arrive yet.
        return isUnknown && mayStillHold(condition, error) ? null : { endOffset: endOffset! }
      }
      if (code === 'FENCED') {
        this.#token = Math.max(this.#token, fence! - this.#random.below(2))
        return { fence: fence! }
      }
      return notWritten.has(code) || code === 'FEATURE_LEVEL_TOO_LOW' ? 'again' : 'unknown'
    } finally {
      world.publishing--
    }
  }

  /** Every answer tells a committed end. */
  #told(group: number, end: Offset): void {
    const { watch } = this.#world
    this.#end = end
    const committed = watch.groups.get(group)!.committedEnd
    if (end > committed)
      watch.report(new Finding('committed-only', `a condition: ${end} is told, ${committed} is committed`))
    else watch.told(group, end)
  }

  #draw(): Asked {
    const random = this.#random
    if (random.chance(0.2)) this.#token += random.between(0, 2)
    if (random.chance(0.1)) return { count: random.between(1, 3) }
    const count = random.chance(0.1) ? 0 : random.between(1, 3)
    const isFenced = count === 0 || random.chance(0.4)
    const fence = isFenced ? { fence: Math.max(0, this.#token - random.below(2)) } : {}
    // Mostly right, as far as it knows: others write as well.
    const guess = Math.max(0, this.#end + random.pick([0, 0, 0, 0, 1, -1]))
    return { count, ...fence, ...(count > 0 && (!isFenced || random.chance(0.7)) && { expectedOffset: guess }) }
  }

  async #introduce(): Promise<boolean> {
    const world = this.#world
    while (this.#id < 0 && world.open) {
      try {
        const broker = world.anyBroker(this.#random)
        const { producerId, epoch } = await world.call(broker, ({ node }) => node.api.initProducer(), ATTEMPT_MS)
        world.watch.guard(() => world.newProducer(producerId))
        this.#id = producerId
        this.#epoch = epoch
        this.#sequence = 0
      } catch {
        await world.pause(PAUSE_MS)
      }
    }
    return world.open
  }

  /** Half the time one that takes itself for the leader: a deposed one that does not know it may answer wrongly. */
  #broker(group: number): SimBroker {
    const leaders = this.#world.inService.filter((broker) => broker.life?.groups.get(group)?.isLeader)
    if (leaders.length === 0 || this.#random.chance(0.5)) return this.#world.anyBroker(this.#random)
    return this.#random.pick(leaders)
  }

  #batchOf(count: number, named: boolean): Uint8Array {
    if (count === 0) return new Uint8Array(0)
    const writer = new BatchWriter()
    for (let at = 0; at < count; at++) writer.append({ timestamp: 0, key: null, value: 'x' })
    return writer.finish({
      producerId: named ? this.#id : -1,
      producerEpoch: named ? this.#epoch : -1,
      baseSequence: named ? this.#sequence : -1,
      compression: Compression.none,
    })
  }
}
