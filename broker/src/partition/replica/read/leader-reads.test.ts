import { describe, expect, it } from 'vitest'
import { noDefects } from '../../../raft/defects.ts'
import { createRaftWithDefects } from '../../../raft/group.ts'
import type { RaftMessage } from '../../../raft/messages.ts'
import type { Group } from '../../group.ts'
import { batchOf, recordsOf } from '../../testing/batches.ts'
import { outcomeOf, TestWorld, type WorldOptions } from '../../testing/test-world.ts'

const MUCH = 1 << 20

/** The reads that tell the end of the partition. */
const reads = {
  'fetch from the start': (group: Group) => group.fetch({ offset: 0, maxBytes: MUCH, waitMs: 0 }),
  'fetch after the known records': (group: Group) => group.fetch({ offset: 1, maxBytes: MUCH, waitMs: 0 }),
  'fetch that waits': (group: Group) => group.fetch({ offset: 1, maxBytes: MUCH, waitMs: 300 }),
  'find the beginning': (group: Group) => group.findOffset({ kind: 'EARLIEST', value: 0 }),
  'find the end': (group: Group) => group.findOffset({ kind: 'LATEST', value: 0 }),
  'find an offset': (group: Group) => group.findOffset({ kind: 'OFFSET', value: 1 }),
  'find a time': (group: Group) => group.findOffset({ kind: 'TIME', value: 1 }),
  'its status': async (group: Group) => {
    await group.confirmed()
    return group.status()
  },
  'a linearizable fetch': (group: Group) => group.fetch({ offset: 1, maxBytes: MUCH, waitMs: 0, linearizable: true }),
  'a linearizable search': (group: Group) => group.findOffset({ kind: 'LATEST', value: 0 }, true),
}

/**
 * Three records are acknowledged, the last of which no follower knows to be committed; then their leader dies, and no
 * entry of the next one's term is committed.
 */
async function justElected(): Promise<{ world: TestWorld; group: Group }> {
  const world = await TestWorld.start()
  await world.during(world.group(1).publish(batchOf(['a'], { timestamp: 1 })))
  await world.run(300)
  for (const value of ['b', 'c']) await world.during(world.group(1).publish(batchOf([value], { timestamp: 2 })))
  world.broker(1).kill()
  world.passes = ({ type }) => type !== 'append'
  await world.until(() => world.group(2).isLeader || world.group(3).isLeader)
  const group = world.group(world.leader().id)
  expect(group.highWatermark).toBeLessThan(3)
  return { world, group }
}

describe('a leader that has just been elected', () => {
  it.each(Object.entries(reads))('%s: is answered when all acknowledged records are known', async (_, read) => {
    const { world, group } = await justElected()
    const answer = outcomeOf<{ highWatermark: number }>(read(group))
    await world.run(20)
    expect(answer.state).toBe('pending')
    world.heal()
    await world.run(20)
    expect(answer.value?.highWatermark).toBe(3)
  })

  it.each(Object.entries(reads))('%s: is refused when that takes an election timeout', async (_, read) => {
    const { world, group } = await justElected()
    const answer = outcomeOf<unknown>(read(group))
    await world.run(600)
    expect(answer.code).toBe('LEADER_UNAVAILABLE')
  })

  it('shows its own records to a reader that asks for just those', async () => {
    const { group } = await justElected()
    const result = await group.fetch({ offset: 0, maxBytes: MUCH, waitMs: 0, replica: true })
    expect(recordsOf(result.batches)).toEqual(['0:a', '1:b'])
  })
})

/** Broker 1 stands still while it leads; the others go on without it. Then it runs again, without any message. */
async function stoodStill(options: WorldOptions = {}): Promise<TestWorld> {
  const world = await TestWorld.start(options)
  await world.during(world.group(1).publish(batchOf(['a'])))
  await world.run(250)
  const lease = world.replica(1).driver.core
  await world.until(() => lease.hasLease)
  world.broker(1).paused = true
  world.isolate(1)
  await world.until(() => world.group(2).isLeader || world.group(3).isLeader)
  await world.during(world.group(world.leader().id).publish(batchOf(['b'])))
  world.broker(1).paused = false
  expect([world.group(1).isLeader, world.group(1).highWatermark]).toEqual([true, 1])
  return world
}

describe('M24: a linearizable read', () => {
  it('is not answered by the lease that a leader had before it stood still', async () => {
    const world = await stoodStill()
    const plain = await world.group(1).findOffset({ kind: 'LATEST', value: 0 })
    expect(plain.offset).toBe(1)
    const reads = [
      outcomeOf(world.group(1).findOffset({ kind: 'LATEST', value: 0 }, true)),
      outcomeOf(world.group(1).fetch({ offset: 1, maxBytes: MUCH, waitMs: 0, linearizable: true })),
    ]
    await world.run(700)
    expect(reads.map(({ code }) => code)).toEqual(['LEADER_UNAVAILABLE', 'LEADER_UNAVAILABLE'])
  })

  it('control: would be, if missed ticks did not count', async () => {
    const createCore: WorldOptions['createCore'] = (options, start) =>
      createRaftWithDefects(options, start, { ...noDefects, pauseKeepsLease: true })
    const world = await stoodStill({ createCore })
    const read = await world.group(1).findOffset({ kind: 'LATEST', value: 0 }, true)
    expect(read.offset).toBe(1)
  })

  it('is confirmed by one round of heartbeats for all that come together, at once, where there is no lease', async () => {
    const world = await TestWorld.start({ settings: { sleepAfterMs: 200 } })
    world.heal()
    await world.during(world.group(1).publish(batchOf(['a'])))
    await world.until(() => world.replica(1).driver.asleep)
    const rounds: RaftMessage[] = []
    world.passes = (message) => {
      if (message.type === 'heartbeat' && (message.round ?? 0) > 0) rounds.push(message)
      return true
    }
    const reads = Array.from({ length: 20 }, () =>
      outcomeOf(world.group(1).fetch({ offset: 0, maxBytes: MUCH, waitMs: 0, linearizable: true })),
    )
    await world.run(0)
    expect(reads.map(({ value }) => value?.nextOffset)).toEqual(reads.map(() => 1))
    expect(rounds.map(({ to }) => to)).toEqual([2, 3])
  })

  it('survives that messages of the round are lost', async () => {
    const world = await TestWorld.start()
    await world.until(() => !world.replica(1).driver.core.hasLease)
    world.isolate(1)
    const read = outcomeOf(world.group(1).findOffset({ kind: 'LATEST', value: 0 }, true))
    await world.run(0)
    world.heal()
    expect(read.state).toBe('pending')
    await world.run(200)
    expect(read.state).toBe('done')
  })

  it('is answered by the leader only', async () => {
    const world = await TestWorld.start()
    const search = () => world.group(2).findOffset({ kind: 'LATEST', value: 0 }, true)
    await expect(search()).rejects.toMatchObject({ code: 'NOT_LEADER' })
  })
})
