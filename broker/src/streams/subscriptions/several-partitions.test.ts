import { beforeEach, describe, expect, it } from 'vitest'
import { pullWake, TestSubscriptions } from '../testing/test-subscriptions.ts'

describe('subscriptions of several partitions', () => {
  let world: TestSubscriptions
  beforeEach(async () => {
    world = await TestSubscriptions.open(2)
  })

  it('are told of the same streams, each for itself', async () => {
    for (const id of ['a0', 'b1']) expect((await world.put(pullWake, id)).status).toBe(201)
    for (const stream of ['events/0', 'events/1']) await world.create(stream, '1,')
    await world.pass()
    for (const id of ['a0', 'b1']) {
      const streams: { readonly path: string }[] = (await world.claim(id)).body.streams
      expect([id, streams.map(({ path }) => path)]).toEqual([id, ['events/0', 'events/1']])
    }
  })
})
