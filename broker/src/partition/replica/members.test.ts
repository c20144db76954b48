import type { BrokerId } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import type { PublishResult } from '../requests.ts'
import { batchOf } from '../testing/batches.ts'
import { type Outcome, outcomeOf, TestWorld } from '../testing/test-world.ts'

/**
 * Publishes one record after the other at the present leader, until told to stop; a failed one is sent again, under its
 * number (M98).
 */
class Load {
  readonly #world: TestWorld
  readonly acknowledged: number[] = []
  /** The longest time without an acknowledgement, in ms. */
  longestGapMs = 0
  #lastAt: number
  #next = 0
  #waiting: Outcome<PublishResult> | null = null
  #stopped = false

  constructor(world: TestWorld) {
    this.#world = world
    this.#lastAt = world.clock.monotonic()
    const step = (): void => {
      this.#step()
      if (!this.#stopped) world.clock.after(20, step)
    }
    step()
  }

  stop(): void {
    this.#stopped = true
  }

  #step(): void {
    const sequence = this.#next
    if (this.#waiting?.state === 'done') {
      this.acknowledged.push(sequence)
      const now = this.#world.clock.monotonic()
      this.longestGapMs = Math.max(this.longestGapMs, now - this.#lastAt)
      this.#lastAt = now
      this.#next += 1
    }
    if (this.#waiting?.state === 'pending') return
    const leader = this.#world.brokers.find(({ id, alive }) => alive && this.#world.group(id)?.isLeader)
    this.#waiting = null
    if (leader === undefined) return
    const batch = batchOf([`v${this.#next}`], { producerId: 7, sequence: this.#next })
    this.#waiting = outcomeOf(this.#world.group(leader.id).publish(batch))
  }
}

function values(records: readonly string[]): string[] {
  return records.map((record) => record.slice(record.indexOf(':') + 1))
}

/** Lets a change of members begin: opens blank replicas on newcomers, and asks the leader. */
async function change(world: TestWorld, voters: readonly BrokerId[], admission: number): Promise<Outcome<void>> {
  const leader = world.leader().id
  const { configuration } = world.group(leader)
  const admissions: Record<number, number> = {}
  for (const id of voters) {
    if (configuration.voters.includes(id)) continue
    admissions[id] = admission
    await world.during(world.openGroup(world.broker(id), admission))
  }
  return outcomeOf(world.group(leader).changeMembers({ voters, learners: [], admissions }))
}

describe('a change of members', () => {
  it('M56, M58, M66 from 3 to 5 to 3 others under load, the leader removed: nothing acknowledged is lost, nothing twice', async () => {
    const world = await TestWorld.start({ brokers: 5, founders: 3 })
    const load = new Load(world)
    await world.run(300)
    const more = await change(world, [1, 2, 3, 4, 5], 50)
    await world.until(() => more.state !== 'pending')
    expect(more).toMatchObject({ state: 'done' })
    const fewer = await change(world, [3, 4, 5], 60)
    await world.until(() => fewer.state !== 'pending')
    expect(fewer).toMatchObject({ state: 'done' })
    await world.until(() => [3, 4, 5].some((id) => world.group(id).isLeader))
    const before = load.acknowledged.length
    await world.run(1000)
    load.stop()
    await world.run(500)
    expect(load.acknowledged.length).toBeGreaterThan(before + 10)
    // No step, the leader's leaving among them, costs three election timeouts of 500 ms.
    expect(load.longestGapMs).toBeLessThan(1500)
    const expected = load.acknowledged.map((sequence) => `v${sequence}`)
    for (const id of [3, 4, 5]) {
      const found = values(await world.records(id))
      expect(found.slice(0, expected.length)).toEqual(expected)
      expect(new Set(found).size).toBe(found.length)
      expect(world.group(id).configuration).toMatchObject({ voters: [3, 4, 5], outgoing: [], learners: [] })
      expect(world.group(id).status().voters).toEqual([3, 4, 5])
    }
  })

  it('M59 to a broker that does not answer fails, and the members are as before', async () => {
    const world = await TestWorld.start({ brokers: 4, founders: 3 })
    const outcome = outcomeOf(
      world.group(1).changeMembers({ voters: [1, 2, 3, 4], learners: [], admissions: { 4: 9 } }),
    )
    await world.until(() => outcome.state !== 'pending', 20_000)
    expect(outcome).toMatchObject({ state: 'failed', code: 'CHANGE_FAILED' })
    expect(world.group(1).configuration).toMatchObject({ voters: [1, 2, 3], learners: [] })
    await world.during(world.group(1).publish(batchOf(['on'])))
    expect(world.broker(1).groups.metrics.memberChangesFailed).toBe(1)
  })

  it('M65 a second one while the first is under way is refused', async () => {
    const world = await TestWorld.start({ brokers: 4, founders: 3 })
    const first = outcomeOf(world.group(1).changeMembers({ voters: [1, 2, 3, 4], learners: [], admissions: { 4: 9 } }))
    const second = world.group(1).changeMembers({ voters: [1, 2], learners: [] })
    await expect(second).rejects.toMatchObject({ code: 'MEMBERS_CHANGING' })
    await expect(world.group(2).changeMembers({ voters: [1, 2], learners: [] })).rejects.toMatchObject({
      code: 'NOT_LEADER',
    })
    expect(world.group(1).cancelChange()).toBe(true)
    await world.until(() => first.state !== 'pending')
    expect(first).toMatchObject({ state: 'failed', code: 'CHANGE_FAILED' })
  })

  it('M71, M73 governs after a restart of all, without knowledge of the founders', async () => {
    const world = await TestWorld.start({ brokers: 4, founders: 3 })
    const outcome = await change(world, [1, 2, 4], 9)
    await world.until(() => outcome.state !== 'pending')
    expect(outcome.state).toBe('done')
    await world.during(world.group(1).publish(batchOf(['a'])))
    await world.run(200)
    for (const id of [1, 2, 4]) world.broker(id).kill()
    world.broker(3).kill()
    for (const id of [2, 4]) await world.restart(id, id === 4 ? 9 : 0)
    await world.until(() => [2, 4].some((id) => world.group(id).isLeader))
    expect(world.group(2).configuration).toMatchObject({ voters: [1, 2, 4], admissions: { 4: 9 } })
    await world.during(
      world
        .leader()
        .groups.get(1)!
        .publish(batchOf(['b'])),
    )
  })
})

describe('a transfer of leadership', () => {
  it('M81 costs no election timeout and loses nothing', async () => {
    const world = await TestWorld.start()
    const load = new Load(world)
    await world.run(200)
    const outcome = outcomeOf(world.group(1).transferLeadership(3))
    await world.until(() => outcome.state !== 'pending', 300)
    expect(outcome).toMatchObject({ state: 'done', value: 3 })
    expect(world.leader().id).toBe(3)
    await world.run(300)
    load.stop()
    await world.run(300)
    const found = values(await world.records(2))
    expect(found.slice(0, load.acknowledged.length)).toEqual(load.acknowledged.map((sequence) => `v${sequence}`))
    expect(world.broker(1).groups.metrics).toMatchObject({ transfersDone: 1, transfersFailed: 0 })
  })

  it('M81 to a voter that does not answer fails, and the old leader takes publishes again in the same term', async () => {
    const world = await TestWorld.start()
    world.isolate(2)
    const { term } = world.group(1)
    const outcome = outcomeOf(world.group(1).transferLeadership(2))
    await world.during(world.group(3).fetch({ offset: 0, maxBytes: 1, waitMs: 0 }))
    await world.until(() => outcome.state !== 'pending', 2000)
    expect(outcome).toMatchObject({ state: 'failed', code: 'TRANSFER_FAILED' })
    expect(world.group(1)).toMatchObject({ isLeader: true, term })
    await world.during(world.group(1).publish(batchOf(['on'])))
  })

  it('M81 is refused to a broker that cannot lead', async () => {
    const world = await TestWorld.start({ brokers: 4, founders: 3 })
    await expect(world.group(1).transferLeadership(4)).rejects.toMatchObject({ code: 'INVALID_MEMBERS' })
    await expect(world.group(2).transferLeadership(3)).rejects.toMatchObject({ code: 'NOT_LEADER' })
  })

  it('M81 precedes a shutdown: a rolling restart costs no election timeout', async () => {
    const world = await TestWorld.start()
    await world.run(600)
    for (const id of [1, 2, 3]) {
      const led = world.group(id).isLeader
      const closed = outcomeOf(world.broker(id).close())
      const from = world.clock.monotonic()
      const others = [1, 2, 3].filter((other) => other !== id)
      await world.until(() => others.some((other) => world.group(other).isLeader), 400)
      if (led) expect(world.clock.monotonic() - from).toBeLessThan(500)
      await world.until(() => closed.state !== 'pending')
      expect(closed.state).toBe('done')
      await world.during(world.group(world.leader().id).publish(batchOf([`without ${id}`])))
      await world.restart(id)
      await world.run(600)
    }
  })

  it('a shutdown waits a limited time for a successor that does not take over', async () => {
    const world = await TestWorld.start()
    world.passes = () => false
    const from = world.clock.monotonic()
    await world.during(world.broker(1).close())
    expect(world.clock.monotonic() - from).toBeLessThanOrEqual(2000)
  })
})

describe('forced members', () => {
  it('M83 one of three continues alone with all its records, and not while a leader lives', async () => {
    const world = await TestWorld.start()
    await world.during(world.group(1).publish(batchOf(['kept'])))
    await world.run(200)
    await expect(world.group(3).forceMembers([3])).rejects.toMatchObject({ code: 'QUORUM_ALIVE' })
    world.broker(1).kill()
    world.broker(2).kill()
    await world.run(2000)
    const outcome = outcomeOf(world.group(3).forceMembers([3]))
    await world.until(() => outcome.state !== 'pending')
    expect(outcome.state).toBe('done')
    await world.during(world.group(3).publish(batchOf(['more'])))
    expect(await world.records(3)).toEqual(['0:kept', '1:more'])
    expect(world.group(3).configuration.voters).toEqual([3])
  })

  it('M83 refuses members without this replica', async () => {
    const world = await TestWorld.start()
    world.broker(1).kill()
    world.broker(2).kill()
    await world.run(2000)
    await expect(world.group(3).forceMembers([1, 2])).rejects.toMatchObject({ code: 'INVALID_MEMBERS' })
  })

  it('M83 lifts the quarantine of a damaged replica only if it is carried out', async () => {
    const world = await TestWorld.start()
    await world.during(world.group(1).publish(batchOf(['VICTIM'])))
    await world.run(200)
    for (const { id } of world.brokers) world.broker(id).kill()
    await world.broker(3).flip('VICTIM', 'journal')
    await world.restart(3)
    const { driver } = world.replica(3)
    await expect(world.group(3).forceMembers([1, 2])).rejects.toMatchObject({ code: 'INVALID_MEMBERS' })
    await world.run(5000)
    expect([driver.inQuarantine, driver.core.term]).toEqual([true, 1])
    await world.during(world.group(3).forceMembers([3]))
    expect(driver.inQuarantine).toBe(false)
    await world.during(world.group(3).publish(batchOf(['on'])))
  })

  it('M83 leads in a term above all terms that it is told', async () => {
    const world = await TestWorld.start()
    world.broker(1).kill()
    world.broker(2).kill()
    await world.run(2000)
    await world.during(world.group(3).forceMembers([3], 40))
    expect(world.group(3)).toMatchObject({ isLeader: true, term: 41 })
    await world.during(world.group(3).forceMembers([3], 7))
    expect(world.group(3).term).toBeGreaterThan(41)
  })
})

describe('priority', () => {
  it('M82 a replica with longer timeouts leads only when the others cannot', async () => {
    const world = await TestWorld.start({ spec: (id) => ({ electionFactor: id === 2 ? 4 : 1 }) })
    await world.run(600)
    world.broker(1).kill()
    await world.until(() => [2, 3].some((id) => world.group(id).isLeader))
    expect(world.leader().id).toBe(3)
    world.group(3).update({ electionFactor: 4 })
    world.group(2).update({ electionFactor: 1 })
    expect(world.group(2).status().electionFactor).toBe(1)
  })
})

it('READ_ONLY: publishing is refused, reading goes on, and both can be changed at run time', async () => {
  const world = await TestWorld.start()
  await world.during(world.group(1).publish(batchOf(['a'])))
  world.group(1).update({ readOnly: true })
  await expect(world.group(1).publish(batchOf(['b']))).rejects.toMatchObject({ code: 'READ_ONLY' })
  expect(await world.records(1)).toEqual(['0:a'])
  world.group(1).update({ readOnly: false })
  await world.during(world.group(1).publish(batchOf(['b'])))
})
