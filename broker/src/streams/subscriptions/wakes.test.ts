import { TailraceError } from '@tailrace/schemas'
import { beforeEach, describe, expect, it } from 'vitest'
import type { SubscriptionAct } from '../../api/subscriptions-api.ts'
import { subscriptionPath } from '../../api/subscriptions-api.ts'
import { pullWake, TestSubscriptions, webhook } from '../testing/test-subscriptions.ts'

const TIMEOUT_MS = 10_000
const DAY_MS = 86_400_000

let world: TestSubscriptions
beforeEach(async () => {
  world = await TestSubscriptions.open()
})

describe('a pull-wake subscription', () => {
  beforeEach(async () => {
    await world.create('wakes')
    await world.put(pullWake)
  })

  it('wakes for the next stream when the one that it has told of is gone', async () => {
    await world.create('events/a', '1,')
    await world.pass()
    await world.ask({ kind: 'delete', path: 'events/a' })
    expect((await world.claim()).body.error.code).toBe('NO_PENDING_WORK')
    await world.create('events/b', '1,')
    await world.pass()
    expect((await world.events()).map(({ stream }) => stream)).toEqual(['events/a', 'events/b'])
  })

  it('writes its events whatever characters its id has', async () => {
    const id = `${'a'.repeat(180)}😀`
    await world.put({ ...pullWake, pattern: 'other/*' }, id)
    await world.create('other/a', '1,')
    await world.pass()
    expect((await world.events()).map(({ subscription_id }) => subscription_id)).toEqual([id])
  })

  it('has a lease of no more than twice its time where the clock is put back', async () => {
    await world.create('events/a', '1,')
    await world.pass()
    expect((await world.claim()).status).toBe(200)
    world.clock.putBack(DAY_MS)
    await world.pass(2 * pullWake.leaseMs)
    expect((await world.claim()).status).toBe(200)
  })

  it('tells of a wake soon where the clock of a former leader was fast', async () => {
    await world.ask({ kind: 'delete', path: 'wakes' })
    await world.create('events/a', '1,')
    await world.pass()
    await world.create('wakes')
    world.clock.putBack(DAY_MS)
    await world.first.restart()
    await world.pass(80_000)
    expect((await world.events()).length).toBe(1)
  })
})

describe('a webhook', () => {
  /** The receiver does not answer within the time that a request has. */
  const hang = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
      world.clock.after(TIMEOUT_MS, () => reject(new Error('timeout')))
    })
  const ackOf = ({ wake_id: wake, generation, callback_token: token }: (typeof world.sent)[0]): SubscriptionAct => {
    const acks = [{ stream: 'events/a', offset: 2 }]
    return { act: 'ack', by: 'callback', token, wake, generation, acks, done: true }
  }

  it('that hangs for longer than a lease is tried again after longer and longer pauses', async () => {
    world.reply = hang
    await world.put({ ...webhook, leaseMs: 1_000 })
    await world.create('events/a', '1,')
    await world.pass(60_000)
    // At 0, 11, 23, 37 and 55 seconds, or somewhat sooner or later.
    expect(world.sent.length).toBeGreaterThan(3)
    expect(world.sent.length).toBeLessThan(7)
    expect(new Set(world.sent.map(({ wake_id }) => wake_id)).size).toBe(1)
    expect((await world.about(ackOf(world.sent[0]))).status).toBe(200)
  })

  it('has its whole lease from when its receiver has answered', async () => {
    world.reply = () => new Promise((resolve) => world.clock.after(5_000, () => resolve({ status: 200, text: '' })))
    await world.put({ ...webhook, leaseMs: 2_000 })
    await world.create('events/a', '1,')
    await world.pass(6_000)
    expect((await world.about(ackOf(world.sent[0]))).status).toBe(200)
    await world.pass(60_000)
    expect(world.sent.length).toBe(1)
  })

  it('is tried again by the next leader no sooner than by the one before', async () => {
    world.reply = async () => ({ status: 500, text: '' })
    await world.put({ ...webhook, leaseMs: 1_000 })
    await world.create('events/a', '1,')
    await world.pass(20_000)
    const before = world.sent.length
    await world.first.restart()
    await world.pass(5_000)
    expect(world.sent.length).toBe(before)
  })

  /** The log takes the next `count` wakes not, as where too much waits for it. */
  const refuseWakes = (count: number): void => {
    let left = count
    const { random } = world.first.subscriptions
    world.first.subscriptions = {
      ...world.first.subscriptions,
      random: {
        below: (end) => random.below(end),
        secret(bytes) {
          if (left-- > 0) throw new TailraceError('OVERLOADED')
          return random.secret(bytes)
        },
      },
    }
    world.first.lead()
  }

  it('wakes again when a lease has ended, also where the log does not take that at once', async () => {
    await world.put(webhook)
    await world.create('events/a', '1,')
    await world.pass()
    refuseWakes(2)
    await world.pass(webhook.leaseMs + 5_000)
    expect(world.sent.map(({ generation }) => generation)).toEqual([1, 2])
  })

  it('wakes again after an ack, also where the log does not take that at once', async () => {
    await world.put(webhook)
    await world.create('events/a', '1,')
    await world.pass()
    await world.append('events/a')
    await world.pass()
    refuseWakes(2)
    await world.pass()
    expect(await world.about(ackOf(world.sent[0]))).toEqual({ status: 200, body: { ok: true, next_wake: true } })
    await world.pass(5_000)
    expect(world.sent.map(({ generation }) => generation)).toEqual([1, 2])
  })

  it('is told what has changed while its streams were looked through', async () => {
    const { store } = world.first.machine
    const range = store.range.bind(store)
    let open = (): void => {}
    const gate = new Promise<void>((resolve) => (open = resolve))
    world.allowed = (stream) => stream !== 'events/a'
    store.range = async function* (from, to) {
      yield* range(from, to)
      if (from.includes('/pending/')) await gate
    }
    await world.put(webhook)
    await world.create('events/a', '1,')
    await world.pass()
    await world.create('events/b', '1,')
    await world.pass()
    open()
    await world.pass()
    expect(world.sent.map(({ streams }) => streams[0].path)).toEqual(['events/b'])
  })

  it('is tried again also where very many requests wait when it fails', async () => {
    let fail = (_error: Error): void => {}
    world.reply = () => new Promise((_, reject) => (fail = reject))
    await world.put(webhook)
    await world.create('events/a', '1,')
    await world.pass()
    world.first.isHeld = true
    const path = subscriptionPath('s')
    const waiting = Array.from({ length: 1_000 }, () =>
      world.first.ask({ kind: 'subscription', path, act: { ...ackOf(world.sent[0]), done: false } as SubscriptionAct }),
    )
    await world.pass()
    fail(new Error('no connection'))
    await world.pass()
    world.first.isHeld = false
    world.first.commit()
    await Promise.all(waiting.map((one) => one.catch(() => null)).concat(world.pass() as never))
    world.reply = async () => ({ status: 200, text: '' })
    await world.append('events/a')
    await world.pass(1.5 * webhook.leaseMs)
    expect(world.sent.length).toBe(2)
  })
})
