import { describe, expect, it } from 'vitest'
import type { Damage, GroupLog } from '../../log/log-storage.ts'
import { silentLogger } from '../../platform/testing/logger.ts'
import type { RaftCore } from '../../raft/core.ts'
import type { RaftMessage } from '../../raft/messages.ts'
import { batchOf } from '../testing/batches.ts'
import { GROUP, outcomeOf, TestWorld } from '../testing/test-world.ts'
import { Quarantine } from './quarantine.ts'
import type { PartitionState } from './state/partition-state.ts'

/**
 * Restarts the broker; `asIfWhole`: as a broker without a quarantine would, that takes what it can read for its whole
 * log.
 */
async function restart(world: TestWorld, id: number, asIfWhole: boolean): Promise<void> {
  const broker = world.broker(id)
  await world.during(broker.start())
  expect(broker.storage.group(GROUP)!.damage).not.toBeNull()
  if (asIfWhole) broker.storage.group(GROUP)!.repaired()
  await world.during(world.openGroup(broker))
}

describe('a replica with a damaged log', () => {
  it('neither votes nor leads until a leader has sent the entries again; then it does both', async () => {
    const world = await TestWorld.start()
    for (const value of ['before', 'VICTIM', 'after']) await world.during(world.group(1).publish(batchOf([value])))
    await world.run(200)
    world.broker(3).kill()
    expect(await world.broker(3).flip('VICTIM', 'journal')).toBe(1)
    world.broker(1).kill()
    await restart(world, 3, false)
    expect(await world.records(3)).not.toContain('1:VICTIM')
    await world.run(10_000)
    expect([world.group(2).leader, world.group(3).leader]).toEqual([0, 0])
    expect(world.group(3).term).toBe(1)

    await world.restart(1)
    await world.until(() => world.brokers.some(({ id }) => id !== 3 && world.group(id).isLeader))
    const log = world.replica(3).driver.log
    // No client publishes: the heartbeat that tells of the commit must be enough.
    await world.until(() => log.damage === null)
    expect(await world.records(3)).toEqual(['0:before', '1:VICTIM', '2:after'])

    const first = world.leader().id
    world.broker(first).kill()
    await world.until(() => world.brokers.some(({ id, alive }) => alive && world.group(id).isLeader))
    const group = world.group(world.leader().id)
    expect(await world.during(group.publish(batchOf(['more'])))).toMatchObject({ baseOffset: 3 })
  })

  it('is whole when a heartbeat tells of the commit that its own acknowledgement has made', async () => {
    const world = await TestWorld.start()
    await world.during(world.group(1).publish(batchOf(['VICTIM'])))
    world.broker(3).kill()
    await world.broker(3).flip('VICTIM', 'journal')
    await restart(world, 3, false)
    world.passes = ({ type, from, to }) => type !== 'append' || to === 3 || from === 3
    await world.until(() => world.replica(3).driver.log.damage === null)
    expect(world.brokers.filter(({ id }) => world.replica(id).driver.state.commitTerm > 1)).toHaveLength(2)
  })

  it('is still in quarantine after another restart', async () => {
    const world = await TestWorld.start()
    await world.during(world.group(1).publish(batchOf(['VICTIM'])))
    world.broker(3).kill()
    await world.broker(3).flip('VICTIM', 'journal')
    world.passes = () => false
    await restart(world, 3, false)
    world.broker(3).kill()
    await restart(world, 3, false)
    world.heal()
    await world.during(world.group(1).publish(batchOf(['more'])))
    await world.until(() => world.replica(3).driver.log.damage === null)
    world.broker(3).kill()
    await world.restart(3)
    expect(world.replica(3).driver.log.damage).toBeNull()
  })

  it('does not lead where it is alone either: what it lacks may have been acknowledged', async () => {
    const world = await TestWorld.start({ brokers: 1 })
    await world.during(world.group(1).publish(batchOf(['VICTIM'])))
    world.broker(1).kill()
    await world.broker(1).flip('VICTIM', 'journal')
    await restart(world, 1, false)
    await world.run(5000)
    expect(world.group(1).isLeader).toBe(false)
    expect(world.broker(1).errors).toHaveLength(1)
  })
})

describe('the rules of the quarantine', () => {
  function setUp(present?: () => readonly number[]) {
    const sent: RaftMessage[] = []
    const configuration = { voters: [1, 2, 3], outgoing: [], learners: [] }
    const core = { id: 1, term: 1, durableIndex: 9, configuration }
    const state = { commitTerm: 1, commitIndex: 9 }
    const log = { group: GROUP, damage: { fromIndex: 3, reason: 'rot' } as Damage | null, repaired: () => {} }
    log.repaired = () => {
      log.damage = null
    }
    const quarantine = new Quarantine({
      group: GROUP,
      core: core as unknown as RaftCore,
      replica: { log: log as GroupLog, state: state as PartitionState },
      peers: { sendRaft: (_group, message) => void sent.push(message) },
      logger: silentLogger,
      present,
    })
    const heartbeat = (term: number) =>
      quarantine.holdsBack({ type: 'heartbeat', from: 2, to: 1, term, commit: 0, sentAt: 7 })
    const tells = (from: number, term: number) =>
      quarantine.holdsBack({ type: 'vote-reply', from, to: 1, term, pre: true, granted: false })
    return { quarantine, core, state, log, sent, heartbeat, tells }
  }

  it('asks the present members, and not those that its old log names', () => {
    let present = [1, 4, 5]
    const { quarantine, sent, heartbeat, tells } = setUp(() => present)
    quarantine.tick()
    expect(sent.map(({ to }) => to)).toEqual([4, 5])
    tells(4, 3)
    expect(heartbeat(9)).toBe(true)
    // Broker 5 is lost permanently, and removed.
    present = [1, 4]
    expect(heartbeat(9)).toBe(false)
  })

  it('no leader is followed before all others have told their terms, and then only one of a later term', () => {
    const { quarantine, sent, heartbeat, tells } = setUp()
    quarantine.tick()
    expect(sent.map(({ to, type, term }) => [to, type, term])).toEqual([
      [2, 'vote', 1],
      [3, 'vote', 1],
    ])
    tells(2, 4)
    expect(heartbeat(5)).toBe(true)
    sent.length = 0
    quarantine.tick()
    expect(sent.map(({ to }) => to)).toEqual([3])
    tells(3, 6)
    expect(heartbeat(6)).toBe(true)
    expect(sent.at(-1)).toMatchObject({ type: 'heartbeat-reply', to: 2, term: 7, sentAt: 7 })
    expect(heartbeat(7)).toBe(false)
  })

  it('it ends with a durable entry that was committed in a later term', () => {
    const { quarantine, core, state, log, tells } = setUp()
    tells(2, 4)
    state.commitTerm = 7
    quarantine.review()
    expect(log.damage).not.toBeNull()
    tells(3, 6)
    state.commitTerm = 6
    quarantine.review()
    expect(log.damage).not.toBeNull()
    Object.assign(state, { commitTerm: 7, commitIndex: 10 })
    quarantine.review()
    expect(log.damage).not.toBeNull()
    core.durableIndex = 10
    quarantine.review()
    expect(log.damage).toBeNull()
    expect(quarantine.active).toBe(false)
  })
})

describe('an acknowledged entry whose second copy has rotted', () => {
  async function story(asIfWhole: boolean): Promise<TestWorld> {
    const world = await TestWorld.start()
    world.isolate(2)
    await world.during(world.group(1).publish(batchOf(['VICTIM'])))
    world.broker(1).kill()
    world.broker(3).kill()
    await world.broker(3).flip('VICTIM', 'journal')
    world.heal()
    await restart(world, 3, asIfWhole)
    await world.run(5000)
    await world.restart(1)
    await world.run(5000)
    return world
  }

  it('survives, for the replica that lacks it votes for no candidate', async () => {
    const world = await story(false)
    for (const id of [1, 2, 3]) expect(await world.records(id)).toEqual(['0:VICTIM'])
  })

  it('is lost without the quarantine (negative control)', async () => {
    const world = await story(true)
    expect(world.group(2).highWatermark).toBe(0)
    expect(world.replica(1).driver.core.commitIndex).toBeGreaterThan(1)
    expect(await world.records(1)).toEqual([])
  })
})

describe('a vote that was forgotten with the damaged end of the journal', () => {
  /** A leader that was paused while another was elected asks the forgetful voter to acknowledge its entry. */
  async function story(asIfWhole: boolean) {
    const world = await TestWorld.start()
    await world.during(world.group(1).publish(batchOf(['known'])))
    await world.run(200)
    world.broker(1).paused = true
    world.passes = ({ from, to, type }) => from !== 1 && to !== 1 && (type === 'vote' || type === 'vote-reply')
    await world.until(() => world.group(2).isLeader || world.group(3).isLeader)
    const elected = world.group(2).isLeader ? 2 : 3
    const voter = 5 - elected
    world.broker(voter).kill()
    await world.broker(voter).flipNewestRound()
    world.passes = ({ from, to }) => from !== elected && to !== elected
    await restart(world, voter, asIfWhole)
    expect(world.group(voter).term).toBe(1)
    world.broker(1).paused = false
    world.broker(1).groups.link(voter, true)
    const publish = outcomeOf(world.group(1).publish(batchOf(['late'])))
    await world.run(1)
    return { world, publish, elected, voter }
  }

  it('does not count for a commit of an earlier leader', async () => {
    const { world, publish, voter } = await story(false)
    expect(publish.state).toBe('pending')
    world.heal()
    await world.run(2000)
    expect(publish.code).toBe('OUTCOME_UNKNOWN')
    for (const id of [1, 2, 3]) expect(await world.records(id)).toEqual(['0:known'])
    for (const { errors } of world.brokers) expect(errors.length).toBeLessThan(2)
    expect(world.replica(voter).driver.log.damage).toBeNull()
  })

  it('loses an acknowledged entry where it may acknowledge (negative control)', async () => {
    const { world, publish, elected } = await story(true)
    expect(publish.state).toBe('done')
    world.heal()
    await world.run(2000)
    expect(await world.records(elected)).toEqual(['0:known'])
  })
})

describe('a quarantined replica in a busy group', () => {
  it('follows the whole log and is repaired while records keep coming', async () => {
    const world = await TestWorld.start()
    await world.during(world.group(1).publish(batchOf(['VICTIM'])))
    world.broker(3).kill()
    await world.broker(3).flip('VICTIM', 'journal')
    await world.during(world.group(1).publish(batchOf(['while away'])))
    await restart(world, 3, false)
    world.broker(1).groups.link(3, true)
    for (let at = 0; at < 100; at += 1) {
      const leader = [1, 2, 3].find((id) => world.group(id).isLeader)
      if (leader !== undefined) outcomeOf(world.group(leader).publish(batchOf([`${at}`])))
      await world.run(20)
    }
    expect(world.replica(3).driver.log.damage).toBeNull()
    await world.run(1500)
    expect(world.leader().id).not.toBe(3)
    expect(await world.records(3)).toEqual(await world.records(1))
    expect(world.group(world.leader().id).status().inSync).toEqual([1, 2, 3])
    for (const { errors } of world.brokers.slice(0, 2)) expect(errors).toEqual([])
  })

  it('does not hold up a second one', async () => {
    const world = await TestWorld.start({ brokers: 5 })
    await world.during(world.group(1).publish(batchOf(['VICTIM'])))
    for (const id of [4, 5]) {
      world.broker(id).kill()
      await world.broker(id).flip('VICTIM', 'journal')
    }
    for (const id of [4, 5]) await restart(world, id, false)
    await world.run(5000)
    for (const id of [4, 5]) expect(await world.records(id)).toEqual(['0:VICTIM'])
    for (const id of [4, 5]) expect(world.replica(id).driver.log.damage).toBeNull()
  })
})
