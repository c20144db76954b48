import { TailraceError } from '@tailrace/schemas'
import { beforeEach, describe, expect, it } from 'vitest'
import type { StreamRequest } from '../../api/streams-api.ts'
import { pullWake, TestSubscriptions } from '../testing/test-subscriptions.ts'

const isAct = (request: StreamRequest, act: string): boolean =>
  request.kind === 'subscription' && request.act.act === act

describe('subscriptions of several partitions', () => {
  let world: TestSubscriptions
  beforeEach(async () => {
    world = await TestSubscriptions.open(2)
    await world.create('wakes')
  })
  const linked = async (id: string): Promise<readonly string[]> => {
    const streams: { readonly path: string }[] = (await world.about({ act: 'get', after: '' }, id)).body.streams
    return streams.map(({ path }) => path)
  }

  it('are told of the same streams, each for itself', async () => {
    for (const id of ['a0', 'b1']) expect((await world.put(pullWake, id)).status).toBe(201)
    for (const stream of ['events/0', 'events/1']) await world.create(stream, '1,')
    await world.pass()
    for (const id of ['a0', 'b1']) expect([id, await linked(id)]).toEqual([id, ['events/0', 'events/1']])
  })

  it('are claimed while another one cannot be told anything', async () => {
    await world.put({ ...pullWake, pattern: 'other/*' }, 'a0')
    await world.put(pullWake, 'b1')
    const { home } = world.first
    world.first.home = (request) => {
      if (isAct(request, 'news') && request.path.endsWith('b1')) throw new TailraceError('STREAMS_UNAVAILABLE')
      return home(request)
    }
    await world.create('events/0', '1,')
    await world.pass()
    expect((await world.claim('a0')).body.error.code).toBe('NO_PENDING_WORK')
    await expect(world.claim('b1')).rejects.toMatchObject({ code: 'STREAMS_UNAVAILABLE' })
    world.first.home = home
    expect((await world.claim('b1')).status).toBe(200)
  })

  it('are told of changes while another one is being made', async () => {
    await world.put(pullWake, 'a0')
    const second = world.partitions[1]!
    const { home } = second
    second.home = (request) => {
      if (isAct(request, 'watch')) second.isHeld = true
      return home(request)
    }
    const made = world.put(pullWake, 'b1')
    await world.pass()
    for (const stream of ['events/a0', 'events/b0']) {
      await world.create(stream, '1,')
      await world.pass(1_000)
    }
    expect(await linked('a0')).toEqual(['events/a0', 'events/b0'])
    second.isHeld = false
    second.home = home
    second.commit()
    await world.pass(1_000)
    expect([(await made).status, await linked('b1')]).toEqual([201, ['events/a0', 'events/b0']])
  })
})

describe('subscriptions that are not made', () => {
  let world: TestSubscriptions
  beforeEach(async () => {
    world = await TestSubscriptions.open()
  })
  const watches = (): string[] => [...world.first.store.content.keys()].filter((key) => key.includes('watch/'))

  it('are gone where there are too many, and leave nothing', async () => {
    const named = (at: number) => Array.from({ length: 1_000 }, (_, index) => `n/${at}/${index}`)
    for (let at = 0; at < 20; at++) await world.put({ ...pullWake, pattern: null, streams: named(at) }, `s-${at}-`)
    await expect(world.put({ ...pullWake, streams: ['one/more'] }, 'more')).rejects.toMatchObject({
      code: 'OVERLOADED',
    })
    await world.pass(1_000)
    expect((await world.about({ act: 'get', after: '' }, 'more')).status).toBe(404)
    expect(watches().length).toBe(20_000)
    await world.about({ act: 'delete' }, 's-0-')
    await world.pass(1_000)
    expect((await world.put({ ...pullWake, streams: ['one/more'] }, 'more')).status).toBe(201)
  }, 60_000)

  it('are tried again after longer and longer pauses, however often they were asked for', async () => {
    world.first.isCutOff = true
    for (let turn = 0; turn < 10; turn++) {
      await expect(world.put(pullWake)).rejects.toMatchObject({ code: 'STREAMS_UNAVAILABLE' })
    }
    world.first.lost.length = 0
    await world.pass(30_000)
    expect(world.first.lost.length).toBeGreaterThan(2)
    expect(world.first.lost.length).toBeLessThan(8)
    world.first.isCutOff = false
    expect((await world.put(pullWake)).status).toBe(200)
  })

  it('are made anew when they are asked for again while they are deleted', async () => {
    await world.put(pullWake)
    world.first.isHeld = true
    const deleted = world.about({ act: 'delete' })
    const made = world.put({ ...pullWake, leaseMs: 2_000 })
    await world.clock.advance(0)
    world.first.isHeld = false
    world.first.commit()
    expect([(await deleted).status, (await made).status]).toEqual([204, 201])
    expect((await world.about({ act: 'get', after: '' })).body.lease_ttl_ms).toBe(2_000)
  })

  it('are not watched for any more, whatever happens after they were deleted', async () => {
    await world.put(pullWake)
    world.first.isCutOff = true
    await world.about({ act: 'delete' })
    expect((await world.put({ ...pullWake, leaseMs: 2_000 }, 'other').catch((error) => error)).code).toBe(
      'STREAMS_UNAVAILABLE',
    )
    await world.about({ act: 'delete' }, 'other')
    await world.pass()
    await world.first.restart()
    world.first.isCutOff = false
    await world.pass(10_000)
    expect([...world.first.store.content.keys()].filter((key) => /watch|~/.test(key))).toEqual([])
  })
})
