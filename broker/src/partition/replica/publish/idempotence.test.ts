import { describe, expect, it } from 'vitest'
import type { PublishResult } from '../../requests.ts'
import { batchOf } from '../../testing/batches.ts'
import { type Outcome, outcomeOf, TestWorld } from '../../testing/test-world.ts'

const PRODUCER = 7

function numbered(sequence: number, value = `v${sequence}`, epoch = 0): Uint8Array {
  return batchOf([value], { producerId: PRODUCER, epoch, sequence })
}

function publish(world: TestWorld, at: number, batch: Uint8Array): Outcome<PublishResult> {
  return outcomeOf(world.group(at).publish(batch))
}

async function newLeader(world: TestWorld, instead: number): Promise<number> {
  await world.until(() => world.brokers.some(({ id, alive }) => id !== instead && alive && world.group(id).isLeader))
  return world.brokers.find(({ id, alive }) => id !== instead && alive && world.group(id).isLeader)!.id
}

describe('a retry', () => {
  it('is answered with the original offset, and not before that is committed', async () => {
    const world = await TestWorld.start()
    world.isolate(1)
    const original = publish(world, 1, numbered(0))
    const retry = publish(world, 1, numbered(0))
    await world.run(10)
    expect([original.state, retry.state]).toEqual(['pending', 'pending'])
    world.heal()
    await world.run(0)
    expect(original.value).toMatchObject({ baseOffset: 0, lastOffset: 0, duplicate: false })
    expect(retry.value).toMatchObject({ baseOffset: 0, lastOffset: 0, duplicate: true })
    const late = await world.during(world.group(1).publish(numbered(0)))
    expect(late).toMatchObject({ baseOffset: 0, lastOffset: 0, duplicate: true })
    expect(await world.records(1)).toEqual(['0:v0'])
  })

  it('at the next leader finds the batch that the dead one has committed', async () => {
    const world = await TestWorld.start()
    await world.during(world.group(1).publish(batchOf(['other', 'other'])))
    await world.during(world.group(1).publish(numbered(0)))
    world.broker(1).kill()
    const leader = await newLeader(world, 1)
    expect(await world.during(world.group(leader).publish(numbered(0)))).toMatchObject({
      baseOffset: 2,
      duplicate: true,
    })
    expect(await world.during(world.group(leader).publish(numbered(1)))).toMatchObject({
      baseOffset: 3,
      duplicate: false,
    })
  })

  it('at the next leader waits until an inherited entry is committed', async () => {
    const world = await TestWorld.start()
    // Only broker 3 gets the entry, and its acknowledgement is lost.
    world.passes = ({ from, to, type }) => (from === 1 && to === 3) || (type !== 'append' && type !== 'append-reply')
    const original = publish(world, 1, numbered(0))
    await world.run(0)
    world.broker(1).kill()
    expect(await newLeader(world, 1)).toBe(3)
    const retry = publish(world, 3, numbered(0))
    await world.run(50)
    expect(retry.state).toBe('pending')
    expect(original.state).toBe('pending')
    world.heal()
    await world.run(0)
    expect(retry.value).toMatchObject({ baseOffset: 0, lastOffset: 0, duplicate: true })
    expect(await world.records(3)).toEqual(['0:v0'])
  })
})

describe('sequences', () => {
  it('must follow each other; the last five batches are known', async () => {
    const world = await TestWorld.start()
    for (let sequence = 0; sequence < 6; sequence += 1) {
      await world.during(world.group(1).publish(numbered(sequence)))
    }
    for (let sequence = 1; sequence < 6; sequence += 1) {
      const again = await world.during(world.group(1).publish(numbered(sequence)))
      expect(again).toMatchObject({ baseOffset: sequence, lastOffset: sequence, duplicate: true })
    }
    for (const wrong of [0, 7]) {
      await expect(world.group(1).publish(numbered(wrong))).rejects.toMatchObject({ code: 'OUT_OF_ORDER_SEQUENCE' })
    }
    expect(await world.during(world.group(1).publish(numbered(6)))).toMatchObject({ baseOffset: 6, duplicate: false })
  })

  it('start again with a new epoch, which fences the old one, at the next leader too', async () => {
    const world = await TestWorld.start()
    await world.during(world.group(1).publish(numbered(0)))
    await expect(world.group(1).publish(numbered(1, 'x', 1))).rejects.toMatchObject({ code: 'OUT_OF_ORDER_SEQUENCE' })
    await world.during(world.group(1).publish(numbered(0, 'x', 1)))
    world.broker(1).kill()
    const leader = await newLeader(world, 1)
    const group = world.group(leader)
    await expect(group.publish(numbered(1))).rejects.toMatchObject({ code: 'INVALID_PRODUCER_EPOCH' })
    expect(await world.during(group.publish(numbered(1, 'y', 1)))).toMatchObject({ baseOffset: 2, duplicate: false })
  })

  it('hold for uncommitted batches too, and a refused batch leaves no trace', async () => {
    const world = await TestWorld.start({ settings: { maxUncommittedBytes: 160 } })
    world.isolate(1)
    const first = publish(world, 1, numbered(0))
    const second = publish(world, 1, numbered(1))
    await expect(world.group(1).publish(numbered(2))).rejects.toMatchObject({ code: 'OVERLOADED' })
    await expect(world.group(1).publish(numbered(3))).rejects.toMatchObject({ code: 'OUT_OF_ORDER_SEQUENCE' })
    world.heal()
    await world.run(0)
    expect([first.value?.baseOffset, second.value?.baseOffset]).toEqual([0, 1])
    expect(await world.during(world.group(1).publish(numbered(2)))).toMatchObject({ baseOffset: 2, duplicate: false })
  })
})

describe('an old leader that comes back with batches that no other replica has', () => {
  it('loses them, and the changes that they made to their producers', async () => {
    const world = await TestWorld.start()
    await world.during(world.group(1).publish(numbered(0)))
    await world.run(200)
    world.isolate(1)
    const lost = [publish(world, 1, numbered(1, 'lost')), publish(world, 1, numbered(2, 'lost'))]
    const other = outcomeOf(world.group(1).publish(batchOf(['lost'], { producerId: 8, sequence: 0 })))
    const leader = await newLeader(world, 1)
    await world.until(() => !world.group(1).isLeader)
    for (const outcome of [...lost, other]) expect(outcome.code).toBe('OUTCOME_UNKNOWN')
    expect(await world.during(world.group(leader).publish(numbered(1, 'kept')))).toMatchObject({ baseOffset: 1 })
    world.heal()
    await world.until(() => world.group(1).highWatermark === 2)
    expect(await world.records(1)).toEqual(['0:v0', '1:kept'])
    const { producers } = world.replica(1).driver.state
    expect(producers.check(PRODUCER, 0, 1, 1)).toMatchObject({ baseOffset: 1 })
    expect(producers.check(PRODUCER, 0, 2, 1)).toBeNull()
    expect(producers.check(8, 0, 5, 1)).toBeNull()
    expect([...producers.entries()]).toEqual([...world.replica(leader).driver.state.producers.entries()])
  })

  it('acknowledges nothing when one append deposes it, replaces its entry and commits the replacement', async () => {
    const world = await TestWorld.start()
    world.isolate(1)
    const lost = publish(world, 1, batchOf(['lost']))
    const leader = await newLeader(world, 1)
    await world.run(0)
    // The old leader still takes itself for the leader, and its entry has the index of the new leader's first.
    expect(world.group(1).isLeader).toBe(true)
    world.passes = ({ type, from }) => type === 'append' && from === leader
    world.broker(leader).groups.link(1, true)
    await world.run(0)
    world.heal()
    await world.until(() => world.replica(1).driver.state.commitIndex === 2)
    expect(lost.code).toBe('OUTCOME_UNKNOWN')
  })

  it('remembers again the producer that was forgotten to make room for them', async () => {
    const short = { producerExpirationMs: 300, retentionCheckMs: 20 }
    const world = await TestWorld.start({ settings: { producerCapacity: 1, ...short } })
    await world.during(world.group(1).publish(numbered(0)))
    await world.run(400)
    world.isolate(1)
    const other = outcomeOf(world.group(1).publish(batchOf(['lost'], { producerId: 8, sequence: 0 })))
    await newLeader(world, 1)
    world.heal()
    await world.run(1000)
    expect(other.code).toBe('OUTCOME_UNKNOWN')
    for (const id of [1, 2, 3]) {
      expect([...world.replica(id).driver.state.producers.entries()].map(([producer]) => producer)).toEqual([PRODUCER])
    }
  })
})
