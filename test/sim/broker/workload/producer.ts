import { BatchWriter, Compression, TailraceError } from '@tailrace/schemas'
import type { SimRandom } from '../../../../testing/src/simulation/sim-random.ts'
import { Finding } from '../finding.ts'
import type { World } from '../world.ts'
import type { PartitionLedger, Value } from './partition-ledger.ts'
import { textOf } from './partition-ledger.ts'

const ATTEMPT_MS = 3_000
const PAUSE_MS = 40
/**
 * A leader that has been deposed and does not know it yet may miss a batch that its successor has acknowledged, and so
 * refuse the one after it. Asked again, a leader must take it.
 */
const MOST_REFUSALS = 200

const neverRight = new Set(['INVALID_BATCH', 'CORRUPT_BATCH', 'INVALID_REQUEST', 'BATCH_TOO_LARGE', 'INTERNAL'])

/** One idempotent producer for one partition: a batch at a time, sent again unchanged until it is acknowledged. */
export class Producer {
  readonly ledger: PartitionLedger
  readonly #world: World
  readonly #random: SimRandom
  readonly #number: number
  #id = -1
  #epoch = -1
  #sequence = 0
  /** Refusals as out of order. */
  refusals = 0

  constructor(world: World, random: SimRandom, number: number, ledger: PartitionLedger) {
    this.#world = world
    this.#random = random
    this.#number = number
    this.ledger = ledger
  }

  /** Publishes until the world ends the workload. */
  async run(everyMs: number): Promise<void> {
    while (this.#world.open) {
      await this.#world.pause(this.#random.below(2 * everyMs) + 1)
      await this.publish()
    }
  }

  /** Publishes one batch, however long that takes. False if the world ended first. */
  async publish(): Promise<boolean> {
    if (!(await this.#introduce())) return false
    const count = this.#random.between(1, 4)
    const values: Value[] = Array.from({ length: count }, (_, at) => ({
      producer: this.#number,
      sequence: this.#sequence + at,
    }))
    const batch = this.#batchOf(values)
    this.ledger.sending(values)
    for (let refusals = 0; this.#world.open; ) {
      const broker = this.#world.anyDoor(this.#random)
      try {
        const { topic, partition } = this.ledger
        const wait = this.#random.chance(0.5)
        this.#world.publishing++
        const result = await this.#world
          .call(
            broker,
            ({ node }) => node.api.publish(topic, partition, batch.slice(), { timeoutMs: ATTEMPT_MS, wait }),
            ATTEMPT_MS * 2,
          )
          .finally(() => this.#world.publishing--)
        this.#sequence += count
        this.#world.watch.guard(() => this.ledger.acknowledge(values, result))
        this.#world.watch.told(this.ledger.group, result.lastOffset + 1)
        this.#world.note(
          `producer ${this.#number} has ${textOf(values[0]!)} at ${result.baseOffset} by broker ${broker.id}`,
        )
        return true
      } catch (error) {
        const code = error instanceof TailraceError ? error.code : String(error)
        this.#world.note(`producer ${this.#number}: broker ${broker.id} answers ${code}`)
        if (code === 'OUT_OF_ORDER_SEQUENCE' || code === 'INVALID_PRODUCER_EPOCH') {
          this.refusals++
          refusals++
        }
        if (neverRight.has(code) || refusals > MOST_REFUSALS)
          this.#world.watch.report(new Finding('idempotence', `${textOf(values[0]!)} is refused: ${error}`))
        await this.#world.pause(PAUSE_MS)
      }
    }
    return false
  }

  async #introduce(): Promise<boolean> {
    while (this.#id < 0 && this.#world.open) {
      try {
        const broker = this.#world.anyDoor(this.#random)
        const { producerId, epoch } = await this.#world.call(broker, ({ node }) => node.api.initProducer(), ATTEMPT_MS)
        this.#world.watch.guard(() => this.#world.newProducer(producerId))
        this.#id = producerId
        this.#epoch = epoch
      } catch {
        await this.#world.pause(PAUSE_MS)
      }
    }
    return this.#world.open
  }

  #batchOf(values: readonly Value[]): Uint8Array {
    const writer = new BatchWriter()
    for (const value of values) {
      const filling = 'x'.repeat(this.#random.between(...this.#world.swarm.valueBytes))
      writer.append({ timestamp: 0, key: null, value: `${textOf(value)} ${filling}` })
    }
    const isNamed = !this.#world.anonymousRetries
    return writer.finish({
      producerId: isNamed ? this.#id : -1,
      producerEpoch: isNamed ? this.#epoch : -1,
      baseSequence: isNamed ? this.#sequence : -1,
      compression: Compression.none,
    })
  }
}
