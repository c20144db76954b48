import { TailraceError } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import { batchOf } from '../testing/batches.ts'
import { emptyListDisk, type ListDisk, ListMachine } from '../testing/list-machine.ts'
import { outcomeOf, TestWorld } from '../testing/test-world.ts'

const CHUNK_BYTES = 2048
const settings = { retentionCheckMs: 100, copyChunkBytes: CHUNK_BYTES, copyIdleMs: 5000, sleepAfterMs: 600_000 }

/** A machine whose snapshot is slow, and shows the state as it was when the snapshot was asked for. */
class SlowMachine extends ListMachine {
  finish: () => void = () => {}
  readonly #disk: ListDisk

  constructor(disk: ListDisk) {
    super(disk)
    this.#disk = disk
  }

  override async flush(): Promise<number> {
    const listed = { index: this.appliedIndex, records: [...this.records] }
    await new Promise<void>((resolve) => {
      this.finish = resolve
    })
    this.#disk.listed = listed
    return listed.index
  }
}

describe('M44, M55: a snapshot is taken while the group goes on', () => {
  it('publishing does not wait for it, and it shows the state at exactly its index', async () => {
    const disk = emptyListDisk()
    const machine = new SlowMachine(disk)
    const world = await TestWorld.start({
      settings: { ...settings, snapshotGapMs: 1e9 },
      spec: (id) => ({ stateMachine: id === 1 ? machine : new ListMachine(emptyListDisk()) }),
    })
    const publish = async (value: string) => {
      const from = world.clock.monotonic()
      await world.during(world.group(1).publish(batchOf([value])))
      return world.clock.monotonic() - from
    }
    for (let at = 0; at < 10; at += 1) await publish(`before-${at}`)
    const asked = machine.appliedIndex
    const taken = outcomeOf(world.group(1).takeSnapshot())
    await world.run(0)
    const waits: number[] = []
    for (let at = 0; at < 50; at += 1) waits.push(await publish(`meanwhile-${at}`))
    expect(Math.max(...waits)).toBe(0)
    expect(machine.records).toHaveLength(60)
    expect(taken.state).toBe('pending')
    machine.finish()
    await world.run(0)
    // The cut of the log asks the machine once more how far its disk is.
    machine.finish()
    await world.until(() => taken.state !== 'pending')
    expect(taken).toMatchObject({ state: 'done', value: { index: asked } })
  })
})

describe('M54: a large copy in small pieces', () => {
  it('one piece in a hundred is lost and the leader changes: it arrives whole, and no piece is larger than asked for', async () => {
    const log = { segmentBytes: 256 << 10, journalFileBytes: 4 << 20 }
    const world = await TestWorld.start({ log, settings })
    const value = 'x'.repeat(20_000)
    const publish = (from: number, to: number) =>
      world.during(
        Promise.all(
          Array.from({ length: to - from }, (_, at) =>
            world
              .leader()
              .groups.get(1)!
              .publish(batchOf([`${from + at}-${value}`])),
          ),
        ),
      )
    await publish(0, 1)
    await world.run(300)
    world.broker(3).kill()
    for (let at = 1; at < 81; at += 20) await publish(at, at + 20)
    await world.run(300)
    for (const id of [1, 2]) {
      await world.during(world.replica(id).driver.log.seal())
      world.group(id).update({ retention: { bytes: 1 << 20, ms: null } })
    }
    await world.until(() => [1, 2].every((id) => world.group(id).logStart > 0))
    let pieces = 0
    let largest = 0
    world.answers = (name, reply) => {
      if (name !== 'CopyRead') return reply
      pieces += 1
      largest = Math.max(
        largest,
        reply.body.reduce((sum, { length }) => sum + length, 0),
      )
      if (pieces % 100 === 7) throw new TailraceError('CONNECTION_LOST')
      return reply
    }
    await world.restart(3)
    await world.until(() => pieces > 100)
    const handedOn = outcomeOf(world.group(1).transferLeadership(2))
    await world.until(() => handedOn.state !== 'pending')
    await world.until(() => world.group(3).highWatermark === 81, 60_000)
    expect(pieces).toBeGreaterThan(300)
    expect(largest).toBeLessThanOrEqual(CHUNK_BYTES)
    const [here, there] = [await world.records(3), await world.records(2)]
    expect(here).toEqual(there.slice(-here.length))
  })
})

describe('M41: publishing without end', () => {
  it('needs no more of the disk than retention allows', async () => {
    const log = { segmentBytes: 4000, journalFileBytes: 1 << 20, tailBytes: 8000 }
    const world = await TestWorld.start({ log, settings })
    for (const id of [1, 2, 3]) world.group(id).update({ retention: { bytes: 10_000, ms: null } })
    const value = 'x'.repeat(300)
    let largest = 0
    for (let at = 0; at < 600; at += 1) {
      await world.during(world.group(1).publish(batchOf([`${at}-${value}`])))
      if (at % 10 === 0) await world.run(100)
      for (const id of [1, 2, 3]) largest = Math.max(largest, world.replica(id).driver.log.sizeBytes)
    }
    expect(world.group(1).highWatermark).toBe(600)
    expect(largest).toBeGreaterThan(10_000)
    expect(largest).toBeLessThan(30_000)
    // The entries that a restart has to look at are bounded with it.
    const kept = world.group(1).highWatermark - world.group(1).logStart
    expect(kept * value.length).toBeLessThan(30_000)
  })
})
