import { generateKeyPairSync, verify } from 'node:crypto'
import { TailraceError } from '@tailrace/schemas'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { SubscriptionAct, SubscriptionConfig } from '../../api/subscriptions-api.ts'
import { subscriptionPath } from '../../api/subscriptions-api.ts'
import { signingKeys } from '../../platform/node/webhooks/signing-keys.ts'
import type { WebhookAnswer } from '../../platform/webhook-port.ts'
import type { ManualPartition } from '../testing/manual-partition.ts'
import { pullWake, TestSubscriptions, webhook } from '../testing/test-subscriptions.ts'
import { offsetText } from '../wire/stream-offset.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies of JSON
type Body = any
const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const keys = signingKeys(privateKey.export({ format: 'pem', type: 'pkcs8' }) as string)
const path = subscriptionPath('s')

let world: TestSubscriptions
let partition: ManualPartition
/** What was sent to the receiver of webhooks. */
let sent: TestSubscriptions['requests']

async function begin(): Promise<void> {
  world = await TestSubscriptions.open(1, keys)
  partition = world.first
  sent = world.requests
}
beforeEach(begin)

const pass = (ms?: number) => world.pass(ms)
const ask = (act: SubscriptionAct, id?: string) => world.about(act, id)
const append = (stream: string, text?: string) => world.append(stream, text)
const create = (stream: string, text?: string) => world.create(stream, text)
const put = (config: SubscriptionConfig) => world.put(config)
const claim = (worker?: string) => world.claim('s', worker)
const events = () => world.events()
const get = async (): Promise<Body> => (await ask({ act: 'get', after: '' })).body
const links = async (): Promise<Body> =>
  Object.fromEntries(
    (await get()).streams.map(({ path, acked_offset }: Body) => [path, Number(acked_offset.slice(17))]),
  )

function ackOf({ body }: { readonly body: Body }, acks: Record<string, number> = {}, done = true): SubscriptionAct {
  const { wake_id: wake, generation, token, callback_token } = body
  const by = callback_token === undefined ? 'worker' : 'callback'
  const list = Object.entries(acks).map(([stream, offset]) => ({ stream, offset }))
  return { act: 'ack', by, token: token ?? callback_token, wake, generation, acks: list, done }
}

describe('a subscription', () => {
  it('begins at the ends of the streams that match, and is confirmed when it is the same', async () => {
    await create('events/a', '1,')
    await create('other', '1,')
    expect(await put(webhook)).toMatchObject({ status: 201, body: { id: 's', status: 'active' } })
    expect((await put(webhook)).status).toBe(200)
    expect(await put({ ...webhook, leaseMs: 2_000 })).toMatchObject({
      status: 409,
      body: { error: { code: 'SUBSCRIPTION_ALREADY_EXISTS' } },
    })
    expect(await links()).toEqual({ 'events/a': 2 })
    await pass(100)
    expect(sent).toEqual([])
  })

  it('has many streams, page by page', async () => {
    for (let at = 0; at < 1_050; at++) await create(`events/${String(at).padStart(4, '0')}`)
    await put(webhook)
    const first = await get()
    expect([first.streams.length, first.next_after]).toEqual([1_000, 'events/0999'])
    const second = await ask({ act: 'get', after: first.next_after })
    expect([second.body.streams.length, second.body.next_after]).toEqual([50, undefined])
  }, 60_000)

  it('begins at the end of a stream that its pattern names itself', async () => {
    await create('events', '1,')
    await put({ ...webhook, pattern: 'events/**' })
    expect(await links()).toEqual({ events: 2 })
  })

  it('is made to the end by the next leader, where the first one has died over it', async () => {
    partition.isHeld = true
    const first = partition.ask({
      kind: 'subscription',
      path,
      act: { act: 'put', config: webhook, base: 'https://a/', owner: null },
    })
    const failed = first.catch((error) => TailraceError.from(error).code)
    await partition.clock.advance(0)
    partition.isHeld = false
    await partition.restart()
    expect(await failed).toBe('OUTCOME_UNKNOWN')
    await pass(2_000)
    expect([200, 201]).toContain((await put(webhook)).status)
    await partition.restart()
    await create('events/a', '1,')
    await pass()
    expect(sent.length).toBe(1)
  })

  it('has streams that are named, and those that are not any more', async () => {
    await create('a', '1,')
    await put({ ...webhook, pattern: 'events/*', streams: ['a'] })
    await create('events/b')
    await pass()
    await ask({ act: 'link', streams: ['b', 'events/b'] })
    expect(await links()).toEqual({ a: 2, b: 0, 'events/b': 0 })
    for (const stream of ['a', 'events/b']) expect((await ask({ act: 'unlink', stream })).status).toBe(204)
    await append('a')
    await pass()
    const { streams } = await get()
    expect(streams.map(({ path, link_type }: Body) => [path, link_type])).toEqual([
      ['b', 'explicit'],
      ['events/b', 'glob'],
    ])
    expect(sent).toEqual([])
    await create('b', '1,')
    await pass()
    expect(sent.map(({ body }) => body.streams[0].path)).toEqual(['b'])
  })

  it('loses a stream that is deleted, and begins with the next one of its name', async () => {
    await put(webhook)
    await create('events/a', '1,')
    await pass()
    await ask(ackOf(sent[0]!, { 'events/a': 2 }))
    await world.ask({ kind: 'delete', path: 'events/a' })
    await pass()
    expect(await links()).toEqual({})
    await create('events/a', '1,')
    await pass()
    expect(sent[1]!.body.streams).toMatchObject([{ acked_offset: offsetText(0), tail_offset: offsetText(2) }])
  })

  it('is gone when it is deleted, with its watches, links and tokens', async () => {
    await put(webhook)
    await create('events/a', '1,')
    await pass()
    const act = ackOf(sent[0]!)
    expect((await ask({ act: 'delete' })).status).toBe(204)
    expect((await ask(act)).body.error.code).toBe('SUBSCRIPTION_NOT_FOUND')
    await append('events/a')
    await pass(60_000)
    expect(sent.length).toBe(1)
    const left = [...partition.store.content.keys()].filter((key) => /watch|news|subscription|~/.test(key))
    expect(left).toEqual([])
    // One that is made anew has another secret.
    await put(webhook)
    expect((await ask(act)).body.error.code).toBe('TOKEN_INVALID')
  })
})

describe('pull-wake', () => {
  beforeEach(async () => {
    await create('wakes')
    await put(pullWake)
    await create('events/a', '1,')
    await pass()
  })

  it('writes one event for a wake, which one worker at a time has', async () => {
    await append('events/a')
    await pass()
    expect(await events()).toMatchObject([{ type: 'wake', subscription_id: 's', stream: 'events/a', generation: 1 }])
    const claimed = await claim('one')
    expect(claimed.body.streams).toEqual([
      {
        path: 'events/a',
        link_type: 'glob',
        acked_offset: offsetText(0),
        tail_offset: offsetText(4),
        has_pending: true,
      },
    ])
    expect(await claim('two')).toMatchObject({
      status: 409,
      body: { error: { code: 'ALREADY_CLAIMED', current_holder: 'one', generation: 1 } },
    })
    const act = ackOf(claimed, { 'events/a': 4 })
    expect((await ask(act)).body).toEqual({ ok: true, next_wake: false })
    expect((await ask(act)).body.error.code).toBe('FENCED')
    expect((await claim()).body.error.code).toBe('NO_PENDING_WORK')
  })

  it('claims at once what was appended a moment ago', async () => {
    await ask(ackOf(await claim(), { 'events/a': 2 }))
    const end = append('events/a')
    expect(await end).toBe(4)
    expect((await claim()).body).toMatchObject({ generation: 2, streams: [{ tail_offset: offsetText(4) }] })
  })

  it('takes acks in their order, up to the end of a stream, also beyond what it was told', async () => {
    const claimed = await claim()
    await append('events/a', '22,')
    const ack = (offset: number) => ask(ackOf(claimed, { 'events/a': offset }, false))
    expect((await ack(5)).body).toEqual({ ok: true, next_wake: false })
    expect((await ack(4)).body.error.code).toBe('INVALID_OFFSET')
    expect((await ack(6)).body.error.code).toBe('INVALID_OFFSET')
    expect((await ask(ackOf(claimed, { other: 1 }))).body.error.code).toBe('INVALID_OFFSET')
    expect(await links()).toEqual({ 'events/a': 5 })
  })

  it('wakes again when a lease ends, and the worker before is shut out', async () => {
    const first = await claim('one')
    await pass(9_000)
    expect((await ask(ackOf(first, {}, false))).status).toBe(200)
    await pass(9_000)
    expect((await claim('two')).body.error.code).toBe('ALREADY_CLAIMED')
    await pass(2_000)
    const second = await claim('two')
    expect(second.body.generation).toBe(2)
    expect((await ask(ackOf(first, { 'events/a': 2 }))).body.error.code).toBe('FENCED')
    expect((await events()).map(({ generation }) => generation)).toEqual([1, 2])
    expect(await links()).toEqual({ 'events/a': 0 })
  })

  it('wakes again after a release', async () => {
    const { body } = await claim()
    const { wake_id: wake, generation, token } = body
    expect((await ask({ act: 'release', token, wake, generation })).status).toBe(204)
    await pass()
    expect((await events()).length).toBe(2)
  })

  it('keeps lease, generation and cursor over a change of leaders; the lease is a whole one', async () => {
    const claimed = await claim('one')
    await ask(ackOf(claimed, { 'events/a': 1 }, false))
    await pass(9_000)
    await partition.restart()
    await pass(9_000)
    expect((await claim('two')).body.error.code).toBe('ALREADY_CLAIMED')
    expect((await ask(ackOf(claimed, { 'events/a': 2 }))).body).toEqual({ ok: true, next_wake: false })
  })

  it('shows tokens that nobody can make', async () => {
    const claimed = await claim()
    const act = ackOf(claimed) as { readonly token: string }
    for (const token of ['', 'x', `${act.token}x`, act.token.split('.')[0]!, `.${act.token.split('.')[1]}`]) {
      expect((await ask({ ...act, token } as never)).status).toBe(401)
    }
  })

  it('is not about its own stream of wakes', async () => {
    for (const config of [
      { ...pullWake, pattern: '**' },
      { ...pullWake, streams: ['wakes'] },
    ]) {
      const answer = await ask({ act: 'put', config, base: 'https://a/', owner: null }, 't')
      expect(answer.body.error.code).toBe('INVALID_REQUEST')
    }
    expect((await ask({ act: 'link', streams: ['wakes'] })).body.error.code).toBe('INVALID_REQUEST')
  })

  it('fails, and goes on when its stream of wakes is there', async () => {
    await world.ask({ kind: 'delete', path: 'wakes' })
    await ask(ackOf(await claim(), { 'events/a': 2 }))
    await append('events/a')
    await pass()
    expect((await get()).status).toBe('failed')
    await create('wakes')
    await pass(2_000)
    expect((await get()).status).toBe('active')
    expect((await events()).map(({ generation }) => generation)).toEqual([2])
  })
})

describe('webhooks', () => {
  beforeEach(async () => {
    await put(webhook)
    await create('events/a')
    await pass()
  })

  it('bring a signed wake, and one at a time', async () => {
    await append('events/a')
    await pass()
    await append('events/a')
    await pass()
    expect(sent.length).toBe(1)
    const { text, headers, body } = sent[0]!
    expect(body).toMatchObject({
      subscription_id: 's',
      generation: 1,
      callback_url: 'https://streams.example/streams/__ds/subscriptions/s/callback',
    })
    const [, time, kid, signature] = /^t=(\d+),kid=(.+),ed25519=(.+)$/.exec(headers['webhook-signature']!)!
    expect(kid).toBe(keys[0]!.kid)
    expect(verify(null, Buffer.from(`${time}.${text}`), publicKey, Buffer.from(signature!, 'base64url'))).toBe(true)
    expect((await ask(ackOf(sent[0]!, { 'events/a': 2 }))).body).toEqual({ ok: true, next_wake: true })
    await pass()
    expect(sent[1]!.body).toMatchObject({ generation: 2, streams: [{ acked_offset: offsetText(2) }] })
  })

  it('ack what they have brought when the receiver is done, and no more', async () => {
    let answer = (_answer: WebhookAnswer): void => {}
    world.reply = () => new Promise((resolve) => (answer = resolve))
    await append('events/a')
    await pass()
    await append('events/a')
    answer({ status: 200, text: '{"done":true}' })
    await pass()
    expect(await links()).toEqual({ 'events/a': 2 })
    expect(sent[1]!.body.generation).toBe(2)
  })

  it('are tried again after longer and longer pauses, also by the next leader', async () => {
    world.reply = async () => ({ status: 500, text: '' })
    await append('events/a')
    await pass()
    expect((await get()).status).toBe('failed')
    const times = [partition.clock.now()]
    for (let step = 0; step < 2_000 && sent.length < 9; step++) {
      const before = sent.length
      await pass(200)
      if (sent.length > before) times.push(partition.clock.now())
      if (sent.length === 4 && before === 3) await partition.restart()
    }
    const pauses = times.slice(1).map((time, at) => (time - times[at]!) / 1000)
    const wanted = [1, 2, 4, 8, 16, 32, 60, 60]
    pauses.forEach((pause, at) => {
      expect(pause).toBeGreaterThanOrEqual(0.8 * wanted[at]! - 0.3)
      expect(pause).toBeLessThanOrEqual(1.2 * wanted[at]! + 0.3)
    })
    // It is one wake, whose token holds.
    expect(new Set(sent.map(({ body }) => body.wake_id)).size).toBe(1)
    world.reply = async () => ({ status: 204, text: '' })
    await pass(80_000)
    expect((await get()).status).toBe('active')
    expect((await ask(ackOf(sent.at(-1)!, { 'events/a': 2 }))).status).toBe(200)
  }, 60_000)

  it('are brought again where a leader has died before it knew of the answer', async () => {
    world.reply = () => new Promise(() => {})
    await append('events/a')
    await pass()
    world.reply = async () => ({ status: 200, text: '{"done":true}' })
    await partition.restart()
    await pass()
    expect(sent.map(({ body }) => body.wake_id)).toEqual([sent[0]!.body.wake_id, sent[0]!.body.wake_id])
    expect(await links()).toEqual({ 'events/a': 2 })
  })

  it('wake anew when nobody calls back within the lease', async () => {
    await append('events/a')
    await pass()
    await pass(10_000)
    expect(sent.map(({ body }) => body.generation)).toEqual([1, 2])
    expect((await ask(ackOf(sent[0]!, { 'events/a': 2 }))).body.error.code).toBe('FENCED')
  })

  it('name no stream that their owner may not read any more', async () => {
    world.allowed = (stream) => stream !== 'events/a'
    await create('events/b', '1,')
    await append('events/a')
    await pass()
    expect(sent.map(({ body }) => body.streams.map(({ path }: Body) => path))).toEqual([['events/b']])
    expect(await links()).toEqual({ 'events/b': 0 })
    await ask(ackOf(sent[0]!, { 'events/b': 2 }))
    await append('events/a')
    await pass(60_000)
    // Nothing is sent of what may not be seen.
    expect(sent.length).toBe(1)
  })

  it.each([
    'http://hooks.example/a',
    'https://other.example/a',
    'http://10.0.0.1/hook',
    'https://10.0.0.1/hook',
    'https://169.254.169.254/latest',
    'https://2130706433/a',
    'https://[::1]/a',
    'https://[::ffff:10.0.0.1]/a',
    'https://user:secret@hooks.example/a',
    'ftp://hooks.example/a',
    'http://localhost/a',
  ])('are not sent to %s', async (address) => {
    const config = { ...webhook, webhook: address }
    const answer = await ask({ act: 'put', config, base: 'https://a/', owner: null }, 't')
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'WEBHOOK_URL_REJECTED' } } })
  })
})

describe('what is appended', () => {
  it('is told, whichever leader dies meanwhile', async () => {
    await put(webhook)
    const tails: Record<string, number> = {}
    for (let round = 0; round < 12; round++) {
      const stream = `events/${round % 3}`
      if (round < 3) await create(stream)
      partition.isHeld = round % 2 === 0
      const appended = append(stream).catch((error) => TailraceError.from(error))
      for (let turn = 0; turn < round; turn++) await partition.clock.advance(0)
      partition.isHeld = false
      await partition.restart()
      await appended
      tails[stream] = (await world.textOf(stream)).length
    }
    await pass(2_000)
    const { body } = sent.at(-1)!
    await ask(ackOf({ body }, {}))
    await pass()
    const now = Object.fromEntries(sent.at(-1)!.body.streams.map(({ path, tail_offset }: Body) => [path, tail_offset]))
    expect(now).toEqual(Object.fromEntries(Object.entries(tails).map(([stream, tail]) => [stream, offsetText(tail)])))
  })
  it.each([
    ['by the mark in its entry, when the leader has died before it told', true],
    ['and is not without the mark (a control)', false],
  ])('is told %s', async (_how, isMarked) => {
    await put(webhook)
    await create('events/a')
    await pass()
    partition.isCutOff = true
    await append('events/a')
    await pass(1_000)
    const marks = [...partition.store.content.keys()].filter((key) => key.includes('/news/'))
    expect(marks.length).toBe(1)
    if (!isMarked) for (const key of marks) partition.store.content.delete(key)
    partition.isCutOff = false
    await partition.restart()
    await pass(2_000)
    expect(sent.length).toBe(isMarked ? 1 : 0)
  })

  it('is told in any order of appends, deletions, acks, changes of leaders and cuts', async () => {
    const operation = fc.constantFrom('append', 'append', 'delete', 'restart', 'cut', 'pass', 'ack')
    const step = fc.tuple(operation, fc.nat({ max: 2 }), fc.nat({ max: 12 }))
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        await begin()
        await put(webhook)
        for (const [what, number, turns] of steps) {
          const stream = `events/${number}`
          if (what === 'append') {
            void create(stream).catch(() => undefined)
            void append(stream).catch(() => undefined)
          } else if (what === 'delete') void partition.ask({ kind: 'delete', path: stream }).catch(() => undefined)
          else if (what === 'cut') partition.isCutOff = !partition.isCutOff
          else if (what === 'restart') await partition.restart()
          else if (what === 'ack' && sent.length > 0) void ask(ackOf(sent.at(-1)!)).catch(() => undefined)
          for (let turn = 0; turn < (what === 'pass' ? 100 : turns); turn++) await partition.clock.advance(0)
        }
        partition.isCutOff = false
        await partition.restart()
        await pass(2_000)
        await pass(2_000)
        const found: Record<string, unknown> = {}
        const wanted: Record<string, unknown> = {}
        for (const [key, value] of partition.store.content) {
          const json = () => JSON.parse(new TextDecoder().decode(value))
          const [, link] = /\/of\/~[^/]+\/link\/(.+)$/.exec(key) ?? []
          if (link !== undefined) found[link] = [json().streamId, json().tail]
          const [, stream] = /\/stream\/(events\/.+)$/.exec(key) ?? []
          if (stream !== undefined) wanted[stream] = [json().id, json().tail]
        }
        expect(found).toEqual(wanted)
        expect([...partition.store.content.keys()].filter((key) => key.includes('/news/'))).toEqual([])
      }),
      { numRuns: 40, seed: 7 },
    )
  }, 60_000)
})
