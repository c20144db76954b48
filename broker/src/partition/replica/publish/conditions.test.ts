import { TailraceError } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import type { PublishCondition, PublishResult } from '../../requests.ts'
import { batchOf } from '../../testing/batches.ts'
import { type Outcome, outcomeOf, TestWorld } from '../../testing/test-world.ts'

const NOTHING = new Uint8Array(0)

function publish(world: TestWorld, at: number, value: string, condition: PublishCondition): Promise<PublishResult> {
  return world.group(at).publish(batchOf([value]), condition)
}

function begin(world: TestWorld, at: number, value: string, condition: PublishCondition): Outcome<PublishResult> {
  return outcomeOf(publish(world, at, value, condition))
}

/** The code and the figure of the refusal. */
async function refusal(world: TestWorld, promise: Promise<unknown>): Promise<unknown> {
  const answer = promise.then(
    () => 'taken',
    ({ code, endOffset, fence }) => [code, endOffset ?? fence],
  )
  return world.during(answer)
}

async function newLeader(world: TestWorld, instead: number): Promise<number> {
  const leads = (id: number) => id !== instead && world.broker(id).alive && world.group(id).isLeader
  await world.until(() => world.brokers.some(({ id }) => leads(id)))
  return world.brokers.find(({ id }) => leads(id))!.id
}

describe('an expected offset', () => {
  it('is where the partition ends, or the publish writes nothing and is told the end', async () => {
    const world = await TestWorld.start()
    const [a, b] = [batchOf(['a', 'b']), batchOf(['c'])]
    expect(await world.during(world.group(1).publish(a, { expectedOffset: 0 }))).toMatchObject({ lastOffset: 1 })
    for (const wrong of [0, 1, 3, Number.MAX_SAFE_INTEGER]) {
      const refused = publish(world, 1, 'x', { expectedOffset: wrong })
      expect(await refusal(world, refused)).toEqual(['WRONG_EXPECTED_OFFSET', 2])
    }
    expect(await world.during(world.group(1).publish(b, { expectedOffset: 2 }))).toMatchObject({ baseOffset: 2 })
    expect(await world.records(1)).toEqual(['0:a', '1:b', '2:c'])
  })

  it('counts what is proposed and not committed: of two that expect the same one is taken', async () => {
    const world = await TestWorld.start()
    const first = begin(world, 1, 'a', { expectedOffset: 0 })
    const second = begin(world, 1, 'b', { expectedOffset: 0 })
    const third = begin(world, 1, 'c', { expectedOffset: 1 })
    await world.run(10)
    expect([first.state, second.code, third.state]).toEqual(['done', 'WRONG_EXPECTED_OFFSET', 'done'])
    expect(await world.records(1)).toEqual(['0:a', '1:c'])
  })

  it('refuses only when what it was judged by is committed', async () => {
    const world = await TestWorld.start()
    world.passes = ({ type, from }) => !(type === 'append' && from === 1)
    const taken = begin(world, 1, 'a', { expectedOffset: 0 })
    const refused = begin(world, 1, 'b', { expectedOffset: 0 })
    await world.run(100)
    expect([taken.state, refused.state]).toEqual(['pending', 'pending'])
    world.heal()
    await world.until(() => refused.state !== 'pending')
    expect([taken.state, refused.code]).toEqual(['done', 'WRONG_EXPECTED_OFFSET'])
  })

  it('refuses nothing by proposals that a change of leaders undoes: the next leader judges again', async () => {
    const world = await TestWorld.start()
    world.isolate(1)
    const lost = begin(world, 1, 'lost', { expectedOffset: 0 })
    const undecided = begin(world, 1, 'b', { expectedOffset: 0 })
    const leader = await newLeader(world, 1)
    await world.until(() => lost.state !== 'pending' && undecided.state !== 'pending')
    expect(lost.code).toBe('OUTCOME_UNKNOWN')
    expect(['NOT_LEADER', 'LEADER_UNAVAILABLE']).toContain(undecided.code)
    expect(await world.during(publish(world, leader, 'b', { expectedOffset: 0 }))).toMatchObject({ baseOffset: 0 })
    world.heal()
    await world.until(() => world.group(1).highWatermark === 1)
    expect(await world.records(1)).toEqual(['0:b'])
  })

  it('refuses nothing on a deposed leader, whose end is old', async () => {
    const world = await TestWorld.start()
    await world.during(publish(world, 1, 'a', { expectedOffset: 0 }))
    await world.run(200)
    world.isolate(1)
    const leader = await newLeader(world, 1)
    await world.during(publish(world, leader, 'b', { expectedOffset: 1 }))
    // It takes itself for the leader still, of a partition that ends at 1.
    expect(world.group(1).isLeader).toBe(true)
    const old = begin(world, 1, 'c', { expectedOffset: 2 })
    await world.until(() => old.state !== 'pending')
    expect(['NOT_LEADER', 'LEADER_UNAVAILABLE']).toContain(old.code)
    expect(await world.during(publish(world, leader, 'c', { expectedOffset: 2 }))).toMatchObject({ baseOffset: 2 })
  })

  it('at a new leader is judged by its log before an entry of its term is committed, and so is exact', async () => {
    const world = await TestWorld.start()
    // Only broker 3 gets the entry, and its acknowledgement is lost.
    world.passes = ({ from, to, type }) => (from === 1 && to === 3) || (type !== 'append' && type !== 'append-reply')
    const original = begin(world, 1, 'a', { expectedOffset: 0 })
    await world.run(0)
    world.broker(1).kill()
    expect(await newLeader(world, 1)).toBe(3)
    const [same, next] = [begin(world, 3, 'x', { expectedOffset: 0 }), begin(world, 3, 'b', { expectedOffset: 1 })]
    await world.run(50)
    expect([original.state, same.state, next.state]).toEqual(['pending', 'pending', 'pending'])
    world.heal()
    await world.until(() => same.state !== 'pending')
    expect([same.code, next.value?.baseOffset]).toEqual(['WRONG_EXPECTED_OFFSET', 1])
    expect(await world.records(3)).toEqual(['0:a', '1:b'])
  })

  it('does not matter to the repetition of a batch that was taken', async () => {
    const world = await TestWorld.start()
    const numbered = (sequence: number) => batchOf([`v${sequence}`], { producerId: 7, sequence })
    const publishNumbered = (sequence: number, expectedOffset: number) =>
      world.group(1).publish(numbered(sequence), { expectedOffset })
    await world.during(publishNumbered(0, 0))
    await world.during(publishNumbered(1, 1))
    expect(await world.during(publishNumbered(0, 0))).toMatchObject({ baseOffset: 0, duplicate: true })
    // A refused batch has used no sequence.
    expect(await refusal(world, publishNumbered(2, 1))).toEqual(['WRONG_EXPECTED_OFFSET', 2])
    expect(await world.during(publishNumbered(2, 2))).toMatchObject({ baseOffset: 2, duplicate: false })
    await expect(publishNumbered(5, 3)).rejects.toMatchObject({ code: 'OUT_OF_ORDER_SEQUENCE' })
  })
})

describe('a fencing token', () => {
  it('grows: a lower one is refused, an equal or higher one is taken, none is not asked', async () => {
    const world = await TestWorld.start()
    expect(await world.during(publish(world, 1, 'a', { fence: 5 }))).toMatchObject({ baseOffset: 0 })
    for (const fence of [0, 4]) expect(await refusal(world, publish(world, 1, 'x', { fence }))).toEqual(['FENCED', 5])
    expect(await world.during(publish(world, 1, 'b', { fence: 5 }))).toMatchObject({ baseOffset: 1 })
    expect(await world.during(publish(world, 1, 'c', { fence: 9 }))).toMatchObject({ baseOffset: 2 })
    expect(await refusal(world, publish(world, 1, 'x', { fence: 8 }))).toEqual(['FENCED', 9])
    expect(await world.during(world.group(1).publish(batchOf(['d'])))).toMatchObject({ baseOffset: 3 })
    expect(await world.records(1)).toEqual(['0:a', '1:b', '2:c', '3:d'])
  })

  it('is accepted without a record, takes no offset, and tells where the partition ends', async () => {
    const world = await TestWorld.start()
    await world.during(publish(world, 1, 'a', { fence: 1 }))
    const raise = (fence: number, condition = {}) => world.group(1).publish(NOTHING, { fence, ...condition })
    expect(await world.during(raise(3))).toMatchObject({ baseOffset: 1, lastOffset: 0, duplicate: false })
    expect(await world.during(raise(3))).toMatchObject({ baseOffset: 1, lastOffset: 0, duplicate: true })
    expect(await refusal(world, raise(2))).toEqual(['FENCED', 3])
    expect(await refusal(world, raise(4, { expectedOffset: 0 }))).toEqual(['WRONG_EXPECTED_OFFSET', 1])
    expect(await world.during(publish(world, 1, 'b', { fence: 3 }))).toMatchObject({ baseOffset: 1 })
    expect(await world.records(1)).toEqual(['0:a', '1:b'])
    await expect(world.group(1).publish(NOTHING)).rejects.toMatchObject({ code: 'INVALID_BATCH' })
  })

  it('together with a wrong offset is not accepted', async () => {
    const world = await TestWorld.start()
    expect(await refusal(world, publish(world, 1, 'x', { fence: 7, expectedOffset: 3 }))).toEqual([
      'WRONG_EXPECTED_OFFSET',
      0,
    ])
    expect(await world.during(publish(world, 1, 'a', { fence: 1 }))).toMatchObject({ baseOffset: 0 })
  })

  it('is known to the next leader, also one that was opened anew', async () => {
    const world = await TestWorld.start()
    await world.during(world.group(1).publish(NOTHING, { fence: 5 }))
    world.broker(1).kill()
    const leader = await newLeader(world, 1)
    expect(await refusal(world, publish(world, leader, 'x', { fence: 4 }))).toEqual(['FENCED', 5])
    for (const id of [1, 2, 3]) if (world.broker(id).alive) world.broker(id).kill()
    for (const id of [1, 2, 3]) await world.restart(id)
    const next = await newLeader(world, 0)
    expect(await refusal(world, publish(world, next, 'x', { fence: 4 }))).toEqual(['FENCED', 5])
    expect(await world.during(publish(world, next, 'a', { fence: 5 }))).toMatchObject({ baseOffset: 0 })
  })

  it('that a leader has accepted and never committed is taken back with its entry', async () => {
    const world = await TestWorld.start()
    world.isolate(1)
    const lost = begin(world, 1, 'lost', { fence: 9 })
    const judged = begin(world, 1, 'x', { fence: 8 })
    const leader = await newLeader(world, 1)
    await world.until(() => lost.state !== 'pending' && judged.state !== 'pending')
    expect(lost.code).toBe('OUTCOME_UNKNOWN')
    expect(['NOT_LEADER', 'LEADER_UNAVAILABLE']).toContain(judged.code)
    await world.during(publish(world, leader, 'a', { fence: 3 }))
    world.heal()
    await world.until(() => world.group(1).highWatermark === 1)
    await world.during(world.group(leader).transferLeadership(1))
    expect(await world.during(publish(world, 1, 'b', { fence: 4 }))).toMatchObject({ baseOffset: 1 })
    expect([1, 2, 3].map((id) => world.replica(id).driver.state.fence.token)).toEqual([4, 4, 4])
  })

  it('is refused as long as the cluster has brokers that cannot read its entry', async () => {
    let fenceRefusal: TailraceError | null = new TailraceError('FEATURE_LEVEL_TOO_LOW')
    const world = await TestWorld.start({ spec: () => ({ fenceRefusal: () => fenceRefusal }) })
    const raise = () => refusal(world, world.group(1).publish(NOTHING, { fence: 1 }))
    expect(await raise()).toEqual(['FEATURE_LEVEL_TOO_LOW', undefined])
    expect(await world.during(publish(world, 1, 'a', { expectedOffset: 0 }))).toMatchObject({ baseOffset: 0 })
    fenceRefusal = null
    expect(await raise()).toBe('taken')
  })
})
