import { describe, expect, it } from 'vitest'
import { batchOf } from '../testing/batches.ts'
import { GROUP, TestWorld } from '../testing/test-world.ts'

const SLEEP_MS = 1_000
const settings = { sleepAfterMs: SLEEP_MS }

/** Three brokers, linked, whose group sleeps. */
async function sleepingWorld(): Promise<TestWorld> {
  const world = await TestWorld.start({ settings })
  world.heal()
  await world.run(2 * SLEEP_MS)
  expect(asleep(world)).toEqual([true, true, true])
  return world
}

function asleep(world: TestWorld): boolean[] {
  return world.brokers.map(({ id }) => world.replica(id).driver.asleep)
}

/** The replica gets a message that no leader can send, breaks a rule of its own, and stops; its process lives. */
function breakReplica(world: TestWorld, to: number): void {
  const payload = batchOf(['x'])
  const term = world.group(to).term
  const from = world.group(to).isLeader ? 2 : 1
  const entry = { index: 1, term: term + 1, kind: 0, baseOffset: 0, lastOffset: 0, bytes: payload.length } as const
  const message = {
    type: 'append',
    from,
    to,
    term: term + 1,
    prevIndex: 0,
    prevTerm: 0,
    entries: [entry],
    commit: 0,
  } as const
  world.broker(to).groups.receive(GROUP, message, [payload])
  expect(world.broker(to).errors).toHaveLength(1)
}

describe('M86, M87: a group that sleeps', () => {
  it('exchanges no message, and takes a publish at once', async () => {
    const world = await sleepingWorld()
    let messages = 0
    world.passes = () => {
      messages += 1
      return true
    }
    await world.run(60_000)
    expect(messages).toBe(0)
    const { baseOffset } = await world.during(world.group(1).publish(batchOf(['woken'])))
    await world.run(500)
    expect(await world.records(3)).toEqual([`${baseOffset}:woken`])
    await world.run(2 * SLEEP_MS)
    expect(asleep(world)).toEqual([true, true, true])
  })

  it('has a leader again within 3 s when its own vanishes without a message', async () => {
    const world = await sleepingWorld()
    world.isolate(1)
    world.broker(1).paused = true
    await world.run(3_000)
    expect([world.group(2).isLeader, world.group(3).isLeader]).toContain(true)
  })

  it('has a leader again within 3 s when the link to the old one breaks', async () => {
    const world = await sleepingWorld()
    world.broker(1).kill()
    for (const id of [2, 3]) world.broker(id).groups.link(1, false)
    await world.run(3_000)
    expect(world.leader().id).not.toBe(1)
  })

  it('sleeps again without the dead broker, and takes it back when it returns', async () => {
    const world = await sleepingWorld()
    world.broker(3).kill()
    for (const id of [1, 2]) world.broker(id).groups.link(3, false)
    await world.during(world.group(1).publish(batchOf(['meanwhile'])))
    await world.run(2 * SLEEP_MS)
    expect([1, 2].map((id) => world.replica(id).driver.asleep)).toEqual([true, true])
    await world.restart(3)
    await world.run(3 * SLEEP_MS)
    expect(await world.records(3)).toEqual(['0:meanwhile'])
    expect(asleep(world)).toEqual([true, true, true])
  })

  it('notices a leading replica that died while its process lives', async () => {
    const world = await sleepingWorld()
    breakReplica(world, 1)
    await world.run(1_000)
    // Its broker still sends beats: only the figures of the beats show the loss.
    await world.run(4_000)
    expect([world.group(2).isLeader, world.group(3).isLeader]).toContain(true)
  })

  it('notices a following replica that died while its process lives', async () => {
    const world = await sleepingWorld()
    breakReplica(world, 3)
    await world.run(5_000)
    expect(world.replica(1).driver.asleep).toBe(false)
    expect(
      world
        .group(1)
        .status()
        .followers.find(({ id }) => id === 3)?.active,
    ).toBe(false)
    expect(world.group(1).isLeader).toBe(true)
  })

  it('control: notices neither where brokers do not compare their sets of sleeping groups', async () => {
    for (const id of [1, 3]) {
      const world = await sleepingWorld()
      world.passesNotes = (_from, _to, name) => name === 'NodeBeat'
      breakReplica(world, id)
      await world.run(5_000)
      expect(asleep(world).filter(Boolean)).toHaveLength(2)
    }
  })

  it('keeps its leader through beats that are late or lost one way for a while', async () => {
    const world = await sleepingWorld()
    const { term } = world.group(1)
    world.passesNotes = (from, to) => !(from === 1 && to === 2)
    await world.run(5_000)
    world.heal()
    await world.run(2 * SLEEP_MS)
    expect([world.leader().id, world.group(1).term]).toEqual([1, term])
    expect(asleep(world)).toEqual([true, true, true])
  })
})
