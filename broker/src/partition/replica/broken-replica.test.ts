import { configurationBatch, EntryKind } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import { batchOf } from '../testing/batches.ts'
import { GROUP, outcomeOf, TestWorld } from '../testing/test-world.ts'

const OTHER = 2

/** A message that no leader can send: it would cut off committed entries. */
function impossible(world: TestWorld, to: number) {
  const term = world.group(to).term + 1
  const entry = { index: 1, term, kind: 0, baseOffset: 0, lastOffset: 0, bytes: batchOf(['x']).length } as const
  return { type: 'append', from: 2, to, term, prevIndex: 0, prevTerm: 0, entries: [entry], commit: 0 } as const
}

describe('a replica that breaks a rule of its own', () => {
  it('stops alone, fails all waiting calls, and leaves the leadership to others', async () => {
    const world = await TestWorld.start()
    const spec = { group: OTHER, voters: [1], maxBatchBytes: 1000, preferred: true, stateMachine: null }
    const other = await world.during(world.broker(1).groups.open(spec))
    await world.during(world.group(1).publish(batchOf(['a'])))
    await world.run(200)
    const leaders: number[] = []
    world.broker(1).groups.onLeadership = (group, _term, leader) => void (group === GROUP && leaders.push(leader))

    const fetch = outcomeOf(world.group(1).fetch({ offset: 1, maxBytes: 100, waitMs: 60_000 }))
    world.isolate(1)
    const publish = outcomeOf(world.group(1).publish(batchOf(['b'])))
    world.broker(1).groups.receive(GROUP, impossible(world, 1), [batchOf(['x'])])
    await world.run(0)
    world.heal()
    expect(publish.code).toBe('OUTCOME_UNKNOWN')
    expect(fetch.code).toBe('LEADER_UNAVAILABLE')
    expect(world.broker(1).errors).toHaveLength(1)
    expect(leaders.at(-1)).toBe(0)
    expect([world.group(1).isLeader, world.group(1).leader]).toEqual([false, 0])
    expect([1, 2].map((id) => world.group(id).standing)).toEqual(['stopped', 'sound'])
    await expect(world.group(1).publish(batchOf(['c']))).rejects.toMatchObject({ code: 'LEADER_UNAVAILABLE' })
    await expect(world.group(1).findOffset({ kind: 'LATEST', value: 0 })).rejects.toMatchObject({
      code: 'LEADER_UNAVAILABLE',
    })

    expect(await world.during(other.publish(batchOf(['fine'])))).toMatchObject({ baseOffset: 0 })
    await world.until(() => world.group(2).isLeader || world.group(3).isLeader)
    expect(await world.during(world.group(world.leader().id).publish(batchOf(['d'])))).toMatchObject({ baseOffset: 1 })
    expect(world.broker(1).errors).toHaveLength(1)
  })

  it('saves no checkpoint any more', async () => {
    const world = await TestWorld.start({ settings: { checkpointBytes: 1_000_000 } })
    await world.during(world.group(1).publish(batchOf(['a'])))
    world.broker(1).groups.receive(GROUP, impossible(world, 1), [batchOf(['x'])])
    await world.during(world.broker(1).close())
    expect(world.broker(1).store.content.size).toBe(0)
    await world.during(world.broker(2).close())
    expect(world.broker(2).store.content.size).toBe(1)
  })
})

describe('a configuration of a newer version', () => {
  it('is not taken, is told once and shown, until the log continues', async () => {
    const world = await TestWorld.start()
    await world.during(world.group(1).publish(batchOf(['a'])))
    await world.run(200)
    const follower = world.group(2)
    const { term, lastIndex: prevIndex } = follower.status()
    const json = '{"version":2,"voters":[1]}'
    const batch = configurationBatch({ term, baseOffset: 1, timestamp: 1, json })
    const entry = { index: prevIndex + 1, term, kind: EntryKind.Configuration, bytes: batch.length }
    const entries = [{ ...entry, baseOffset: 1, lastOffset: 0 }]
    const append = { type: 'append', from: 1, to: 2, term, prevIndex, prevTerm: term, entries, commit: 0 } as const
    expect(follower.unfit).toBeNull()
    for (let times = 0; times < 3; times++) world.broker(2).groups.receive(GROUP, append, [batch])
    await world.run(0)
    expect(follower.status().lastIndex).toBe(prevIndex)
    expect(follower.unfit).toMatch(/Broker 1 sends entries after \d+ that this broker cannot read: .*newer version/)
    expect(follower.status().trouble).toBe(follower.unfit)
    expect(world.broker(2).errors).toHaveLength(1)
    await world.during(world.group(1).publish(batchOf(['b'])))
    await world.run(200)
    expect(follower.unfit).toBeNull()
    expect(follower.status().trouble).toBeNull()
  })
})
