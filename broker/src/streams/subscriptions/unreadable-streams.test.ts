import { beforeEach, describe, expect, it } from 'vitest'
import { pullWake, TestSubscriptions, webhook } from '../testing/test-subscriptions.ts'

describe('a subscription to streams that its owner may not read', () => {
  let world: TestSubscriptions
  let looks: number
  let readable: (stream: string) => boolean
  beforeEach(async () => {
    world = await TestSubscriptions.open()
    looks = 0
    readable = (stream) => !stream.startsWith('events/hidden')
    world.allowed = (stream) => {
      looks += 1
      return readable(stream)
    }
  })
  const hidden = (at: number): string => `events/hidden-${String(at).padStart(5, '0')}`
  const named = (): string[] => world.sent.flatMap(({ streams }) => streams.map(({ path }: { path: string }) => path))

  it('is told of them soon after it may read them', async () => {
    await world.put(webhook)
    await world.create(hidden(0), '1,')
    await world.pass(120_000)
    expect(world.sent).toEqual([])
    readable = () => true
    await world.pass(61_000)
    expect(named()).toEqual([hidden(0)])
  })

  it('looks at few of them when one has more', async () => {
    await world.put(webhook)
    for (let at = 0; at < 1_500; at++) await world.create(hidden(at), '1,')
    await world.pass()
    looks = 0
    for (let at = 0; at < 20; at++) {
      await world.append(hidden(at))
      await world.pass()
    }
    expect(looks).toBeLessThan(2_000)
    const commits = world.first.log.length
    await world.append(hidden(0))
    await world.pass()
    // The append, its link, and the end of its mark.
    expect(world.first.log.length - commits).toBe(3)
  }, 60_000)

  it('hears at once of one that it may read, behind any number of them', async () => {
    await world.put(webhook)
    for (let at = 0; at < 1_500; at++) await world.create(hidden(at), '1,')
    await world.pass(10_000)
    await world.create('events/open', '1,')
    await world.pass(100)
    expect(named()).toEqual(['events/open'])
  }, 60_000)

  it('is claimed for one that it may read', async () => {
    await world.create('wakes')
    await world.put(pullWake)
    await world.create(hidden(0), '1,')
    await world.pass()
    expect((await world.claim()).body.error.code).toBe('NO_PENDING_WORK')
    await world.create('events/open', '1,')
    await world.pass()
    expect((await world.events()).map(({ stream }) => stream)).toEqual(['events/open'])
    expect((await world.claim()).body.streams.length).toBe(1)
  })
})
