import { describe, expect, it } from 'vitest'
import type { PublishResult } from '../../requests.ts'
import { batchOf } from '../../testing/batches.ts'
import { TestWorld, type WorldOptions } from '../../testing/test-world.ts'

/** The outcome of a producer's only or next batch, an error as its code. */
async function publish(
  world: TestWorld,
  producerId: number,
  fields: { at?: number; sequence?: number; epoch?: number } = {},
): Promise<string | Pick<PublishResult, 'baseOffset' | 'duplicate'>> {
  const { at = world.leader().id, sequence = 0, epoch = 0 } = fields
  const batch = batchOf([`p${producerId}`], { producerId, epoch, sequence })
  try {
    const { baseOffset, duplicate } = await world.during(world.group(at).publish(batch))
    return { baseOffset, duplicate }
  } catch (error) {
    return (error as { code: string }).code
  }
}

/** Short, so that the virtual clock gets there soon. */
const expiration = 20_000
const small: WorldOptions = {
  settings: { producerCapacity: 3, producerExpirationMs: expiration, retentionCheckMs: expiration / 200 },
}

async function fullWorld(): Promise<TestWorld> {
  const world = await TestWorld.start(small)
  for (const id of [1, 2, 3]) expect(await publish(world, id)).toEqual({ baseOffset: id - 1, duplicate: false })
  return world
}

describe('where the most producers are remembered', () => {
  it('a new one is refused, and no retry of the others becomes a second record', async () => {
    const world = await fullWorld()
    for (let id = 100; id < 110; id += 1) expect(await publish(world, id)).toBe('TOO_MANY_PRODUCERS')
    for (const id of [1, 2, 3]) expect(await publish(world, id)).toEqual({ baseOffset: id - 1, duplicate: true })
    expect(await publish(world, 2, { sequence: 1 })).toEqual({ baseOffset: 3, duplicate: false })
    expect(await world.during(world.group(1).publish(batchOf(['of no producer'])))).toMatchObject({ baseOffset: 4 })
    expect(await publish(world, 100)).toBe('TOO_MANY_PRODUCERS')
  })

  it('a new one takes the place of one that has been silent for the time that the setting says', async () => {
    const world = await fullWorld()
    await world.run(expiration / 2)
    expect(await publish(world, 1, { sequence: 1 })).toMatchObject({ duplicate: false })
    expect(await publish(world, 100)).toBe('TOO_MANY_PRODUCERS')
    await world.run(expiration / 2 + expiration / 20)
    // 2 has been silent longest, 3 as long as it; 1 has not.
    expect(await publish(world, 100)).toMatchObject({ duplicate: false })
    expect(await publish(world, 101)).toMatchObject({ duplicate: false })
    expect(await publish(world, 102)).toBe('TOO_MANY_PRODUCERS')
    expect(await publish(world, 1, { sequence: 1 })).toMatchObject({ duplicate: true })
    await world.run(1000)
    const remembered = [1, 2, 3].map((id) => [...world.replica(id).driver.state.producers.entries()].map(([of]) => of))
    expect(remembered).toEqual([remembered[0], remembered[0], remembered[0]])
    expect(remembered[0]).toEqual([1, 100, 101])
  })

  it('the next leader refuses as well, and knows since when the others are silent', async () => {
    const world = await fullWorld()
    await world.run(expiration / 2)
    await world.during(world.group(1).publish(batchOf(['awake'])))
    world.broker(1).kill()
    await world.until(() => world.brokers.some(({ id, alive }) => alive && world.group(id).isLeader))
    expect(await publish(world, 100)).toBe('TOO_MANY_PRODUCERS')
    expect(await publish(world, 1)).toEqual({ baseOffset: 0, duplicate: true })
    await world.run(expiration / 2 + expiration / 20)
    expect(await publish(world, 100)).toMatchObject({ duplicate: false })
  })
})

describe('an id or epoch that the cluster has not given', () => {
  it('is refused, fences no producer, and is taken once it has been given', async () => {
    let producersEnd = 10
    const world = await TestWorld.start({ spec: () => ({ isGiven: (id: number) => id < producersEnd }) })
    expect(await publish(world, 9)).toMatchObject({ duplicate: false })
    expect(await publish(world, 10)).toBe('UNKNOWN_PRODUCER')
    expect(await publish(world, 5_000_000, { sequence: 77 })).toBe('UNKNOWN_PRODUCER')
    for (const epoch of [1, 32_767]) expect(await publish(world, 9, { epoch })).toBe('INVALID_BATCH')
    expect(await publish(world, 9, { sequence: 1 })).toMatchObject({ duplicate: false })
    producersEnd = 11
    expect(await publish(world, 10)).toMatchObject({ duplicate: false })
    expect(world.replica(1).driver.state.producers.size).toBe(2)
  })
})
