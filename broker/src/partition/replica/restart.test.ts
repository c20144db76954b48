import { crc32c, type EntryHeader, type LogIndex } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import type { GroupLog } from '../../log/log-storage.ts'
import type { StateMachine } from '../group.ts'
import { batchOf } from '../testing/batches.ts'
import { GROUP, TestWorld } from '../testing/test-world.ts'
import { recoverReplica } from './recovery.ts'
import { decodeCheckpoint, encodeCheckpoint } from './state/checkpoint-codec.ts'

function numbered(sequence: number): Uint8Array {
  return batchOf([`v${sequence}`], { producerId: 7, sequence })
}

/** Publishes so many batches one after the other, and waits until all replicas know of the commits. */
async function publishUpTo(world: TestWorld, from: number, to: number): Promise<void> {
  for (let sequence = from; sequence < to; sequence += 1) {
    await world.during(world.group(world.leader().id).publish(numbered(sequence)))
  }
  await world.run(250)
}

/** The entries that a recovery of the broker's replica reads, and the state that it finds. */
async function recover(world: TestWorld, id: number) {
  const broker = world.broker(id)
  await world.during(broker.start())
  const reads: LogIndex[] = []
  const log = new Proxy(broker.storage.group(GROUP)!, {
    get(target, name) {
      if (name === 'readEntries') {
        return (from: LogIndex, maxBytes: number) => {
          reads.push(from)
          return target.readEntries(from, maxBytes)
        }
      }
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  }) as GroupLog
  const spec = { group: GROUP, voters: [1, 2, 3], maxBatchBytes: 1000, preferred: false, stateMachine: null }
  const recovered = await world.during(
    recoverReplica(log, spec, { store: broker.store, crc32c, producerCapacity: 10_000, created: false }),
  )
  return { reads, ...recovered }
}

const batchBytes = numbered(0).length

describe('a new replica', () => {
  it('asks the store for nothing', async () => {
    const world = await TestWorld.start()
    const { store, groups } = world.broker(1)
    const asked: string[] = []
    const { get } = store
    store.get = (key) => {
      asked.push(key)
      return get.call(store, key)
    }
    await world.during(
      groups.open({ group: 2, voters: [1, 2, 3], maxBatchBytes: 1000, preferred: false, stateMachine: null }),
    )
    expect(asked).toEqual([])
  })
})

describe('a restart', () => {
  it('after a kill reads the entries after the checkpoint, and knows the same producers', async () => {
    const world = await TestWorld.start({ settings: { checkpointBytes: 5 * batchBytes } })
    await publishUpTo(world, 0, 5)
    await publishUpTo(world, 5, 8)
    const before = [...world.replica(2).driver.state.producers.entries()]
    world.broker(2).kill()
    const { reads, state, raft } = await recover(world, 2)
    // The TermStart is entry 1; the checkpoint was taken when the bytes of 5 batches had been appended, of which a
    // follower may not know the last commit.
    const { commitIndex } = state
    expect([5, 6]).toContain(commitIndex)
    expect(reads[0]).toBe(commitIndex + 1)
    expect(state).toMatchObject({ highWatermark: commitIndex - 1, appendedIndex: 9 })
    expect(raft).toMatchObject({
      commitHint: commitIndex,
      lastIndex: 9,
      nextOffset: 8,
      hardState: { term: 1, votedFor: 1 },
    })
    expect([...state.producers.entries()]).toEqual(before)
    const committed = [0, 1, 2, 3, 4].slice(0, commitIndex - 1).map((baseOffset) => ({ baseOffset }))
    expect(state.committedProducers()).toMatchObject([[7, { batches: committed }]])
  })

  it('after a clean end reads nothing at all', async () => {
    const world = await TestWorld.start()
    await publishUpTo(world, 0, 8)
    const before = [...world.replica(2).driver.state.producers.entries()]
    await world.during(world.broker(2).close())
    const { reads, state } = await recover(world, 2)
    expect(reads).toEqual([])
    expect(state).toMatchObject({ commitIndex: 9, highWatermark: 8, appendedIndex: 9 })
    expect([...state.producers.entries()]).toEqual(before)
  })

  it('of all at once continues offsets and sequences', async () => {
    const world = await TestWorld.start({ settings: { checkpointBytes: 3 * batchBytes } })
    await publishUpTo(world, 0, 7)
    for (const broker of world.brokers) broker.kill()
    for (const { id } of world.brokers) await world.restart(id)
    await world.until(() => world.brokers.some(({ id }) => world.group(id).isLeader))
    const group = world.group(world.leader().id)
    expect(await world.during(group.publish(numbered(6)))).toMatchObject({ baseOffset: 6, duplicate: true })
    expect(await world.during(group.publish(numbered(7)))).toMatchObject({ baseOffset: 7, duplicate: false })
    await world.run(250)
    const all = [0, 1, 2, 3, 4, 5, 6, 7].map((at) => `${at}:v${at}`)
    for (const { id } of world.brokers) expect(await world.records(id)).toEqual(all)
  })

  it('ignores a checkpoint that is ahead of a log that has lost its end', async () => {
    const world = await TestWorld.start()
    await publishUpTo(world, 0, 4)
    await world.during(world.broker(2).close())
    const [[key, bytes]] = [...world.broker(2).store.content] as [[string, Uint8Array]]
    const ahead = { ...decodeCheckpoint(bytes, crc32c)!, commitIndex: 99, highWatermark: 98 }
    world.broker(2).store.content.set(key, encodeCheckpoint(ahead, crc32c))
    const { reads, state } = await recover(world, 2)
    expect(reads[0]).toBe(1)
    expect(state).toMatchObject({ commitIndex: 0, highWatermark: 0, appendedIndex: 5 })
  })

  it('saves nothing that is not durable here', async () => {
    const world = await TestWorld.start({ settings: { checkpointBytes: 1 } })
    await publishUpTo(world, 0, 1)
    world.broker(1).holdDisk()
    const saved = world.broker(1).store.content.get('partition/000000000001')
    await publishUpTo(world, 1, 3)
    expect(world.group(1).highWatermark).toBe(3)
    expect(world.broker(1).store.content.get('partition/000000000001')).toBe(saved)
  })
})

/** Remembers the applied records, like a store that outlives the broker. */
class Recorder implements StateMachine {
  appliedIndex = 0
  appliedTerm = 0
  readonly applied: LogIndex[] = []

  apply(header: EntryHeader): void {
    this.applied.push(header.index)
    this.appliedIndex = header.index
    this.appliedTerm = header.term
  }
}

describe('a group with a state machine', () => {
  async function startWith(machines: readonly Recorder[]): Promise<TestWorld> {
    return TestWorld.start({ spec: (id) => ({ stateMachine: machines[id - 1]! }) })
  }

  it('applies every entry once on every member, at once and in order', async () => {
    const machines = [new Recorder(), new Recorder(), new Recorder()]
    const world = await startWith(machines)
    for (let at = 0; at < 3; at += 1) await world.during(world.group(1).publish(batchOf([`${at}`])))
    await world.run(0)
    for (const { applied } of machines) expect(applied).toEqual([2, 3, 4])
  })

  it('applies after a restart the entries that the machine lacks', async () => {
    const machines = [new Recorder(), new Recorder(), new Recorder()]
    const world = await startWith(machines)
    for (let at = 0; at < 4; at += 1) await world.during(world.group(1).publish(batchOf([`${at}`])))
    await world.run(250)
    world.broker(2).kill()
    // Its store has forgotten the last two.
    machines[1]!.appliedIndex = 3
    machines[1]!.applied.length = 2
    await world.restart(2)
    expect(world.group(2).highWatermark).toBe(2)
    await world.until(() => machines[1]!.appliedIndex === 5)
    expect(machines[1]!.applied).toEqual([2, 3, 4, 5])
  })

  it.each([
    ['has another entry at the place of the applied one', 3, 9],
    ['ends before the applied entry', 7, 1],
  ])('takes no entry for committed where the log %s', async (_what, index, term) => {
    const machines = [new Recorder(), new Recorder(), new Recorder()]
    const world = await startWith(machines)
    for (let at = 0; at < 4; at += 1) await world.during(world.group(1).publish(batchOf([`${at}`])))
    await world.run(250)
    world.broker(2).kill()
    // The store was faster than the log: entries that replaced a former leader's were applied, and their disk is lost.
    machines[1]!.appliedIndex = index
    machines[1]!.appliedTerm = term
    await world.restart(2)
    expect(world.group(2).highWatermark).toBe(0)
    await world.until(() => world.group(2).highWatermark === 4)
  })

  it('applies nothing twice where the machine is ahead of a log that has lost its end', async () => {
    const machines = [new Recorder(), new Recorder(), new Recorder()]
    const world = await startWith(machines)
    await world.during(world.group(1).publish(batchOf(['0'])))
    await world.run(0)
    world.broker(1).holdDisk()
    // Committed by the others' disks, and applied here.
    for (let at = 1; at < 4; at += 1) await world.during(world.group(1).publish(batchOf([`${at}`])))
    expect(machines[0]!.applied).toEqual([2, 3, 4, 5])
    world.broker(1).kill()
    await world.until(() => world.group(2).isLeader || world.group(3).isLeader)
    await world.during(world.broker(1).start())
    expect(world.broker(1).storage.group(GROUP)!.lastIndex).toBeLessThan(5)
    await world.during(world.openGroup(world.broker(1)))
    for (const id of [2, 3]) world.broker(id).groups.link(1, true)
    await world.during(world.group(world.leader().id).publish(batchOf(['4'])))
    await world.until(() => machines[0]!.appliedIndex === 7)
    for (const { applied } of machines) expect(applied).toEqual([2, 3, 4, 5, 7])
    for (const { errors } of world.brokers) expect(errors).toEqual([])
  })
})
