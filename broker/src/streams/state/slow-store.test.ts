import { describe, expect, it } from 'vitest'
import { MemoryStore } from '../../log/testing/memory-store.ts'
import { outcomeOf, TestWorld } from '../../partition/testing/test-world.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { silentLogger } from '../../platform/testing/logger.ts'
import { encodeChanges } from './change-codec.ts'
import { StreamsMachine } from './streams-machine.ts'
import { StreamsStore } from './streams-store.ts'
import { MOST_UNWRITTEN_BY_FOLLOWERS } from './unwritten-bounds.ts'

const APPENDS = 80
const APPEND_BYTES = 50_000
/** Each byte counts for so many: the bound is a megabyte, a quarter of all appends. */
const FACTOR = 64
const BOUND = MOST_UNWRITTEN_BY_FOLLOWERS / FACTOR

/** Three replicas of a partition of durable streams over real logs: broker 1 leads, and broker 3 is watched. */
class StreamsWorld {
  readonly machines = new Map<number, StreamsMachine>()
  world!: TestWorld
  appended = 0
  readonly #stores = new Map<number, MemoryStore>()
  #release = (): void => {}

  static async start({ isBounded = true } = {}): Promise<StreamsWorld> {
    const self = new StreamsWorld()
    const clock = new ManualClock()
    const spec = (id: number) => {
      const memory = new MemoryStore()
      const store = new StreamsStore({ store: memory, clock, logger: silentLogger }, 'streams/1/')
      const unwrittenBytes = () => (isBounded ? FACTOR * store.waitingBytes : 0)
      const events = { onApplied: () => {}, onReplaced: () => {} }
      const stateMachine = new StreamsMachine({ store, unwrittenBytes, clock, logger: silentLogger, ...events })
      self.#stores.set(id, memory)
      self.machines.set(id, stateMachine)
      return { stateMachine }
    }
    self.world = await TestWorld.start({ spec })
    return self
  }

  get waiting(): number {
    return this.machines.get(3)!.store.waitingBytes
  }

  hold(): void {
    this.#stores.get(3)!.gate = new Promise((resolve) => {
      this.#release = resolve
    })
  }

  release(): void {
    this.#stores.get(3)!.gate = null
    this.#release()
  }

  async append(count = APPENDS): Promise<void> {
    const { world } = this
    for (const end = this.appended + count; this.appended < end; this.appended += 1) {
      const data = new Uint8Array(APPEND_BYTES).fill(this.appended)
      const batch = encodeChanges([[`of/1.0/data/${this.appended}`, data]], world.clock.now())
      await world.during(world.group(1).publish(batch))
    }
    await world.run(500)
  }

  /** Broker 3 has all that was appended, in its store. */
  async whole(): Promise<void> {
    const { world, machines } = this
    const [leader, follower] = [machines.get(1)!, machines.get(3)!]
    await world.until(() => follower.appliedIndex === leader.appliedIndex, 30_000)
    await follower.store.settled()
    for (let at = 0; at < this.appended; at += 1) {
      const data = await follower.store.get(`of/1.0/data/${at}`)
      expect([data?.length, data?.[0]]).toEqual([APPEND_BYTES, at])
    }
  }
}

describe('a follower whose state store stands still', () => {
  it('keeps a bounded part in memory, while the others go on, and has all of it when the store works again', async () => {
    const streams = await StreamsWorld.start()
    const { term } = streams.world.group(1)
    streams.hold()
    await streams.append()
    expect(streams.waiting).toBeGreaterThan(BOUND)
    expect(streams.waiting).toBeLessThan(BOUND + 6 * APPEND_BYTES)
    streams.release()
    await streams.whole()
    expect(streams.world.group(1)).toMatchObject({ term, isLeader: true })
  })

  it('keeps all of it where there is no bound (a control)', async () => {
    const streams = await StreamsWorld.start({ isBounded: false })
    streams.hold()
    await streams.append()
    expect(streams.waiting).toBeGreaterThan(APPENDS * APPEND_BYTES)
    streams.release()
    await streams.whole()
  })

  it('takes its snapshot, and that of the leader whose log is cut meanwhile, when the store works again', async () => {
    const streams = await StreamsWorld.start()
    const { world } = streams
    streams.hold()
    await streams.append()
    const own = outcomeOf(world.group(3).takeSnapshot())
    for (const id of [1, 2]) await world.during(world.group(id).takeSnapshot())
    await streams.append(5)
    expect(own.state).toBe('pending')
    streams.release()
    await streams.whole()
    expect(own.state).toBe('done')
    expect(world.broker(3).groups.metrics.snapshotsInstalled).toBe(1)
  })
})
