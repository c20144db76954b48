import type { BrokerId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import { batchOf } from '../testing/batches.ts'
import { emptyListDisk, ListMachine } from '../testing/list-machine.ts'
import { outcomeOf, TestWorld, type WorldOptions } from '../testing/test-world.ts'

const settings = { retentionCheckMs: 100, snapshotGapMs: 500, snapshotBytes: 1000, copyChunkBytes: 64 }

class MachineWorld {
  readonly disks = new Map([1, 2, 3].map((id) => [id, emptyListDisk()]))
  readonly machines = new Map<BrokerId, ListMachine>()
  world!: TestWorld

  static async start(options: WorldOptions = {}): Promise<MachineWorld> {
    const self = new MachineWorld()
    const spec = (id: BrokerId) => {
      const stateMachine = new ListMachine(self.disks.get(id)!)
      self.machines.set(id, stateMachine)
      return { stateMachine }
    }
    self.world = await TestWorld.start({ spec, ...options, settings: { ...settings, ...options.settings } })
    return self
  }

  async publish(from: number, to: number): Promise<void> {
    for (let at = from; at < to; at += 1) {
      await this.world.during(
        this.world
          .leader()
          .groups.get(1)!
          .publish(batchOf([`v${at}`])),
      )
    }
  }

  async sameState(count: number): Promise<void> {
    const all = Array.from({ length: count }, (_, at) => `${at}:v${at}`)
    const { world, machines } = this
    await world.until(() => world.brokers.every(({ id, alive }) => !alive || machines.get(id)!.records.length >= count))
    for (const { id, alive } of world.brokers) if (alive) expect(machines.get(id)!.records).toEqual(all)
  }
}

describe('a group with a state machine', () => {
  it('M41, M43, M45 cuts its log when a snapshot is due, each replica by itself, and restarts from the snapshot', async () => {
    const machineWorld = await MachineWorld.start()
    const { world } = machineWorld
    await machineWorld.publish(0, 30)
    await world.until(() => [1, 2, 3].every((id) => world.group(id).status().prevIndex > 10))
    for (const id of [1, 2, 3]) expect(world.broker(id).groups.metrics.snapshotsTaken).toBeGreaterThan(0)
    const start = world.group(2).status().prevIndex
    for (const id of [1, 2, 3]) world.broker(id).kill()
    for (const id of [1, 2, 3]) await world.restart(id)
    await world.until(() => [1, 2, 3].some((id) => world.replica(id).driver.core.commitIsCurrent))
    expect(world.group(2).status().prevIndex).toBeGreaterThanOrEqual(start)
    await machineWorld.publish(30, 31)
    await machineWorld.sameState(31)
  })

  it('M45 at another entry on each replica, with the state of exactly that entry, which each starts from again', async () => {
    const machineWorld = await MachineWorld.start({ settings: { snapshotBytes: 1 << 30 } })
    const { world, disks } = machineWorld
    const places: number[] = []
    for (const id of [1, 2, 3]) {
      await machineWorld.publish(10 * (id - 1), 10 * id)
      await machineWorld.sameState(10 * id)
      places.push((await world.during(world.group(id).takeSnapshot())).index)
    }
    expect(new Set(places).size).toBe(3)
    expect([1, 2, 3].map((id) => world.group(id).status().prevIndex)).toEqual(places)
    for (const id of [1, 2, 3]) {
      const { index, records } = disks.get(id)!.listed
      expect([index, records.length]).toEqual([places[id - 1], 10 * id])
    }
    for (const id of [1, 2, 3]) world.broker(id).kill()
    for (const id of [1, 2, 3]) await world.restart(id)
    await world.until(() => [1, 2, 3].some((id) => world.replica(id).driver.core.commitIsCurrent))
    await machineWorld.publish(30, 31)
    await machineWorld.sameState(31)
    expect([1, 2, 3].map((id) => world.group(id).status().prevIndex)).toEqual(places)
  })

  it('cuts off rotten entries that no other replica has any more: the state covers them', async () => {
    const machineWorld = await MachineWorld.start({
      settings: { snapshotBytes: 1 << 30, scrubMs: 500 },
      log: { segmentBytes: 1000, tailBytes: 64 << 10 },
    })
    const { world } = machineWorld
    await machineWorld.publish(0, 30)
    await machineWorld.sameState(30)
    for (const id of [1, 3]) await world.during(world.group(id).takeSnapshot())
    await world.during(world.replica(2).driver.log.seal())
    expect(world.group(2).status().prevIndex).toBe(0)
    expect(await world.broker(2).flip('v7', 'groups')).toBeGreaterThan(0)
    await world.until(() => world.group(2).status().prevIndex > 8, 30_000)
    expect(world.replica(2).driver.log.corruptRanges()).toEqual([])
    await machineWorld.publish(30, 31)
    await machineWorld.sameState(31)
  })

  it('M46, M51 a late replica loads the whole state once, then takes entries', async () => {
    const machineWorld = await MachineWorld.start()
    const { world, machines } = machineWorld
    await machineWorld.publish(0, 2)
    await world.run(200)
    world.broker(3).kill()
    await machineWorld.publish(2, 40)
    await world.until(() => [1, 2].every((id) => world.group(id).status().prevIndex > 20))
    await world.restart(3)
    await machineWorld.sameState(40)
    expect(machines.get(3)!.loads).toBe(1)
    await machineWorld.publish(40, 42)
    await machineWorld.sameState(42)
    expect(machines.get(3)!.loads).toBe(1)
  })

  it('M49, M54 crashes and lost pieces in transfer do no harm', async () => {
    for (let crashAt = 1; crashAt <= 12; crashAt += 1) {
      const machineWorld = await MachineWorld.start()
      const { world } = machineWorld
      await machineWorld.publish(0, 2)
      await world.run(200)
      world.broker(3).kill()
      await machineWorld.publish(2, 40)
      await world.until(() => [1, 2].every((id) => world.group(id).status().prevIndex > 20))
      let asked = 0
      world.answers = (name, reply) => {
        if (name !== 'CopyRead') return reply
        asked += 1
        if (asked % 5 === 2) throw new TailraceError('CONNECTION_LOST')
        return reply
      }
      await world.restart(3)
      await world.until(() => asked >= crashAt * 4)
      for (let turn = 0; turn < crashAt; turn += 1) await world.run(0)
      world.broker(3).kill()
      await world.restart(3)
      await machineWorld.sameState(40)
      await machineWorld.publish(40, 41)
      await machineWorld.sameState(41)
    }
  })

  it('M49 a crash between state and log: the end of the old log is not taken for committed', async () => {
    const machineWorld = await MachineWorld.start()
    const { world, disks, machines } = machineWorld
    await machineWorld.publish(0, 2)
    await world.run(200)
    // A leader that is cut off writes entries that will never be committed.
    world.isolate(1)
    for (let at = 0; at < 10; at += 1) outcomeOf(world.group(1).publish(batchOf([`lost${at}`])))
    await world.run(100)
    world.broker(1).kill()
    world.heal()
    await world.until(() => [2, 3].some((id) => world.group(id).isLeader))
    await machineWorld.publish(2, 40)
    await world.until(() => [2, 3].every((id) => world.group(id).status().prevIndex > 20))
    await world.restart(1)
    machines.get(1)!.onRestored = () => world.broker(1).holdDisk()
    await world.until(() => disks.get(1)!.listed.index > 20)
    expect(world.group(1).status()).toMatchObject({ prevIndex: 0, lastIndex: 13 })
    world.broker(1).kill()
    // It does not learn the commit index until the leader has its acknowledgement.
    world.passes = () => false
    await world.restart(1)
    expect(world.group(1).status().commitIndex).toBe(0)
    world.heal()
    await machineWorld.sameState(40)
    expect(world.broker(1).errors).toEqual([])
  })

  it('M84 a designated replica snapshots; all others cut their logs there, load nothing, and the leader takes none', async () => {
    const machineWorld = await MachineWorld.start({ settings: { snapshotGapMs: 1e9 } })
    const { world, machines } = machineWorld
    await machineWorld.publish(0, 30)
    await world.run(300)
    const place = await world.during(world.group(3).takeSnapshot())
    expect(place.index).toBeGreaterThan(29)
    world.group(1).offerSnapshot(3, place)
    await world.until(() => [1, 2, 3].every((id) => world.group(id).status().prevIndex === place.index))
    for (const id of [1, 2, 3]) expect(machines.get(id)!.loads).toBe(0)
    expect(world.broker(1).groups.metrics).toMatchObject({ snapshotsTaken: 0, snapshotsOffered: 0 })
    expect(machines.get(1)!.takes).toBe(0)
    await machineWorld.publish(30, 32)
    await machineWorld.sameState(32)
  })
})
