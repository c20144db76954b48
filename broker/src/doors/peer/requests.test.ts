import { type BrokerId, TailraceError } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { addressOf, identityOfBroker, PeerCluster, RawPeer, type TestBroker } from '../testing/peer-cluster.ts'
import type { PeerLimits } from './limits.ts'

async function pair(limits: Partial<PeerLimits> = {}, answererLimits: Partial<PeerLimits> = {}) {
  const cluster = new PeerCluster()
  const join = [addressOf(1), addressOf(2)]
  const one = await cluster.start(1, { join, limits })
  const two = await cluster.start(2, { join, limits: answererLimits })
  await cluster.pass(300)
  return { cluster, one, two }
}

type Outcome = { value: unknown } | { error: TailraceError } | undefined

/** The outcome of a promise; never an unhandled rejection. */
function watch(promise: Promise<unknown>): { outcome: Outcome } {
  const watched: { outcome: Outcome } = { outcome: undefined }
  promise.then(
    (value) => (watched.outcome = { value }),
    (error) => (watched.outcome = { error }),
  )
  return watched
}

function drive(broker: TestBroker, to: BrokerId, change = 1, timeoutMs = 1000) {
  return watch(broker.peers.request(to, 'DriveChange', { group: 7, change }, [], timeoutMs))
}

function publish(broker: TestBroker, bytes: number, timeoutMs = 1000) {
  const fields = { topic: 't', partition: 0, timeoutMs }
  return watch(broker.peers.request(2, 'Publish', fields, [new Uint8Array(bytes)], timeoutMs))
}

/** Broker 1 linked to something that takes requests and does not answer by itself. */
async function withRaw() {
  const cluster = new PeerCluster()
  const raws: RawPeer[] = []
  await cluster.network.host('b2').listen(addressOf(2), (stream) => raws.push(new RawPeer(stream)))
  const one = await cluster.start(1, { join: [addressOf(2)] })
  await cluster.pass(20)
  const [raw] = raws
  await cluster.shakeHands(raw!, identityOfBroker(2, ''))
  return { cluster, one, raw: raw! }
}

test('request and reply carry fields and bodies both ways; the correlation stays inside', async () => {
  const { cluster, one, two } = await pair()
  const heard: unknown[] = []
  two.answer = (async (from: number, name: string, fields: { topic: string }, body: Uint8Array) => {
    heard.push([from, name, fields.topic, [...body]])
    return { fields: { nextOffset: 7, highWatermark: 9, logStart: 1 }, body: [Uint8Array.of(4), Uint8Array.of(5, 6)] }
  }) as unknown as TestBroker['answer']
  const fields = { topic: 'flights', partition: 3, offset: 5, maxBytes: 100, waitMs: 0 }
  const { outcome } = await settled(cluster, one.peers.request(2, 'Fetch', fields, [Uint8Array.of(1, 2)], 1000))
  expect(heard).toEqual([[1, 'Fetch', 'flights', [1, 2]]])
  expect(outcome).toMatchObject({ value: { fields: { nextOffset: 7, highWatermark: 9, logStart: 1 } } })
  expect([...(outcome as { value: { body: Uint8Array } }).value.body]).toEqual([4, 5, 6])
})

async function settled(cluster: PeerCluster, promise: Promise<unknown>) {
  const watched = watch(promise)
  await cluster.pass(30)
  return watched
}

test('requests are handled in call order; answers in any order find their requests', async () => {
  const { cluster, one, two } = await pair()
  const order: number[] = []
  const answers: ((reason: string) => void)[] = []
  two.answer = ((_: number, __: string, fields: { change: number }) => {
    order.push(fields.change)
    return new Promise((resolve) =>
      answers.push((reason) => resolve({ fields: { state: 'running', reason }, body: [] })),
    )
  }) as unknown as TestBroker['answer']
  const asked = Array.from({ length: 20 }, (_, i) => drive(one, 2, i))
  await cluster.pass(30)
  expect(order).toEqual(asked.map((_, i) => i))
  for (const [i, answer] of [...answers.entries()].reverse()) answer(`answer ${i}`)
  await cluster.pass(30)
  for (const [i, { outcome }] of asked.entries()) {
    expect(outcome).toMatchObject({ value: { fields: { reason: `answer ${i}` } } })
  }
})

test('a failure keeps its code, its detail, whether to retry and the hint', async () => {
  const { cluster, one, two } = await pair()
  two.answer = async () => {
    throw new TailraceError('NOT_LEADER', 'Broker 3 leads.')
  }
  const failed = drive(one, 2)
  await cluster.pass(30)
  const { error } = failed.outcome as { error: TailraceError }
  expect(error).toBeInstanceOf(TailraceError)
  expect(error.toJSON()).toEqual(new TailraceError('NOT_LEADER', 'Broker 3 leads.').toJSON())
})

test('a mistake of the other side is INTERNAL; its stack stays in its log', async () => {
  const { cluster, one, two } = await pair()
  two.answer = () => {
    throw new Error('secret')
  }
  const failed = drive(one, 2)
  await cluster.pass(30)
  expect(failed.outcome).toMatchObject({ error: { code: 'INTERNAL', message: expect.not.stringContaining('secret') } })
  expect(two.log.filter((line) => line.startsWith('a request of a peer failed'))).toHaveLength(1)
})

test('an unknown code of a newer broker becomes INTERNAL, with the text of the broker', async () => {
  const { cluster, one, raw } = await withRaw()
  const failed = drive(one, 2)
  await cluster.pass(20)
  const { correlation } = raw.frames.find(({ name }) => name === 'DriveChange')!.fields as { correlation: number }
  const error = { code: 'FROM_THE_FUTURE', message: 'No.', retriable: false, hint: 'Update.' }
  raw.send('Failure', { correlation, error })
  await cluster.pass(20)
  expect(failed.outcome).toMatchObject({
    error: { code: 'INTERNAL', retriable: false, hint: 'Update.', message: expect.stringContaining('FROM_THE_FUTURE') },
  })
})

test('each request has its own time limit; a late answer is swallowed', async () => {
  const { cluster, one, raw } = await withRaw()
  const short = drive(one, 2, 1, 200)
  const long = drive(one, 2, 2, 2000)
  await cluster.pass(190)
  expect(short.outcome).toBeUndefined()
  await cluster.pass(70)
  expect(short.outcome).toMatchObject({ error: { code: 'TIMED_OUT' } })
  const asked = raw.frames.filter(({ name }) => name === 'DriveChange')
  for (const { fields } of asked) {
    const { correlation } = fields as { correlation: number }
    raw.send('DriveChangeReply', { correlation, state: 'running', reason: 'late' })
  }
  await cluster.pass(20)
  expect(long.outcome).toMatchObject({ value: { fields: { reason: 'late' } } })
  expect(one.links).toEqual(['+2'])
})

test('an answer of the wrong kind closes the connection', async () => {
  const { cluster, one, raw } = await withRaw()
  const failed = drive(one, 2)
  await cluster.pass(20)
  const { correlation } = raw.frames.find(({ name }) => name === 'DriveChange')!.fields as { correlation: number }
  raw.send('PublishReply', { correlation, baseOffset: 1, lastOffset: 1, duplicate: false })
  await cluster.pass(20)
  expect(raw.closed).toBe(true)
  expect(failed.outcome).toMatchObject({ error: { code: 'CONNECTION_LOST' } })
})

test('without a link nothing is sent, and a lost link fails waiting requests: CONNECTION_LOST', async () => {
  const { cluster, one, two } = await pair()
  two.answer = () => new Promise(() => {})
  const unknown = drive(one, 7)
  const waiting = drive(one, 2, 1, 60_000)
  await cluster.pass(30)
  expect(unknown.outcome).toMatchObject({ error: { code: 'CONNECTION_LOST' } })
  expect(waiting.outcome).toBeUndefined()
  cluster.network.reset('b1', 'b2')
  await cluster.pass(10)
  expect(waiting.outcome).toMatchObject({ error: { code: 'CONNECTION_LOST' } })
})

test('close fails waiting requests with SHUTTING_DOWN', async () => {
  const { cluster, one, two } = await pair()
  two.answer = () => new Promise(() => {})
  const waiting = drive(one, 2)
  await cluster.pass(30)
  await one.peers.close()
  await cluster.pass(0)
  expect(waiting.outcome).toMatchObject({ error: { code: 'SHUTTING_DOWN' } })
})

test('the sender limits itself: requests or bytes beyond the limit are OVERLOADED, and room comes back', async () => {
  const { cluster, one, two } = await pair({ maxRequests: 5, maxRequestBytes: 10_000 })
  const answers: (() => void)[] = []
  two.answer = () =>
    new Promise((resolve) => {
      answers.push(() => resolve({ fields: { baseOffset: 0, lastOffset: 0, duplicate: false } as never, body: [] }))
    })
  const byBytes = [publish(one, 6000), publish(one, 6000), publish(one, 3000)]
  await cluster.pass(30)
  const codes = () => byBytes.map(({ outcome }) => outcome && 'error' in outcome && outcome.error.code)
  expect(codes()).toEqual([undefined, 'OVERLOADED', undefined])
  for (const answer of answers.splice(0)) answer()
  await cluster.pass(30)
  const byCount = Array.from({ length: 6 }, () => publish(one, 1500))
  await cluster.pass(30)
  expect(byCount.map(({ outcome }) => outcome !== undefined)).toEqual([false, false, false, false, false, true])
  expect(byCount[5]!.outcome).toMatchObject({ error: { code: 'OVERLOADED' } })
})

test('a body that fits into no frame is refused before anything is sent', async () => {
  const { cluster, one } = await pair()
  const failed = publish(one, 33 * 1024 * 1024)
  await cluster.pass(30)
  expect(failed.outcome).toMatchObject({ error: { code: 'FRAME_TOO_LARGE' } })
  expect(one.links).toEqual(['+2'])
})

test('fields that do not fit their schema fail the request alone', async () => {
  const { cluster, one } = await pair()
  const failed = watch(one.peers.request(2, 'DriveChange', { group: '5' as never, change: 1 }, [], 1000))
  await cluster.pass(30)
  expect(failed.outcome).toMatchObject({ error: { code: 'INVALID_REQUEST' } })
  expect(one.links).toEqual(['+2'])
})

test('the receiver refuses requests beyond the limit, while Raft messages on the same connection go on', async () => {
  const { cluster, one, two } = await pair({}, { maxInboundRequests: 3, maxInboundRequestBytes: 10_000 })
  const answers: (() => void)[] = []
  two.answer = () =>
    new Promise((resolve) => {
      answers.push(() => resolve({ fields: { baseOffset: 0, lastOffset: 0, duplicate: false } as never, body: [] }))
    })
  const asked = [publish(one, 6000), publish(one, 6000), publish(one, 10), publish(one, 10), publish(one, 10)]
  one.peers.sendRaft(1, { type: 'vote-reply', from: 1, to: 2, term: 1, pre: false, granted: true }, [])
  await cluster.pass(30)
  const codes = asked.map(({ outcome }) => outcome && 'error' in outcome && outcome.error.code)
  expect(codes).toEqual([undefined, 'OVERLOADED', undefined, undefined, 'OVERLOADED'])
  expect(two.raft).toHaveLength(1)
  for (const answer of answers.splice(0)) answer()
  await cluster.pass(30)
  const later = [publish(one, 6000), publish(one, 3000)]
  await cluster.pass(30)
  expect([answers.length, ...later.map(({ outcome }) => outcome)]).toEqual([2, undefined, undefined])
})
