import { encodeFrame, type Message, TailraceError } from '@tailrace/schemas'
import { afterEach, describe, expect, test } from 'vitest'
import { sampleMessages } from '../../../../schemas/src/testing/sample-messages.ts'
import { beatReplyFrom, securityPageFrom, topicPageFrom } from '../../cascade/wire/cascade-fields.ts'
import type { CascadeApi, CascadeBeat } from '../../cascade/wire/cascade-messages.ts'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import type { GatewayLimits } from '../limits/limits.ts'
import { Client, type Fixture, startGateway } from '../testing/running-gateway.ts'

let fixture: Fixture
const clients: Client[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.terminate()
  expect(fixture.logged).toEqual([])
  await fixture.gateway.close()
})

const reply = beatReplyFrom(sampleMessages.CascadeBeatReply)
const page = topicPageFrom(sampleMessages.CascadeTopicsReply)

/** A gateway whose control answers beats, each as soon as `gate` lets it. */
async function gateway(limits: Partial<GatewayLimits> = {}, change: Partial<CascadeApi> = {}) {
  const beats: CascadeBeat[] = []
  const world = { gate: Promise.resolve() }
  const cascade: CascadeApi = {
    async beat(beat) {
      beats.push(beat)
      await world.gate
      return reply
    },
    topicPage: () => page,
    securityPage: () => securityPageFrom(sampleMessages.CascadeSecurityReply),
    status: async () => ({ brokers: [] }),
    assign: async () => {},
    ...change,
  }
  fixture = await startGateway(nodeClock, nodeRandom, limits, cascade)
  return { beats, world }
}

async function dial(headers: Record<string, string> = {}): Promise<Client> {
  const client = await new Client(fixture.address, headers).open()
  clients.push(client)
  return client
}

function beat(client: Client, correlation: number, changes: Partial<Message<'CascadeBeat'>> = {}): void {
  client.frame('CascadeBeat', { ...sampleMessages.CascadeBeat, after: 0, ages: [], gone: [], ...changes, correlation })
}

async function slowReaders(): Promise<number> {
  const text = await fixture.gateway.registry.metrics()
  return Number(/^tailrace_websocket_slow_readers_total (\d+)$/m.exec(text)![1])
}

describe('a beat of a cascade broker', () => {
  test('is answered with everything that it needs', async () => {
    const { beats } = await gateway()
    const client = await dial()
    beat(client, 1)
    expect(await client.nextFrame()).toMatchObject({
      name: 'CascadeBeatReply',
      fields: { ...sampleMessages.CascadeBeatReply, correlation: 1, taken: 1, list: 1, listAfter: 0, gone: [] },
    })
    const { clusterId, broker, reports } = sampleMessages.CascadeBeat
    expect(beats).toEqual([{ clusterId, broker, reports }])
    client.frame('CascadeTopics', { correlation: 2, from: 0 })
    expect((await client.nextFrame()).fields).toEqual({ ...sampleMessages.CascadeTopicsReply, correlation: 2 })
  })

  test('may tell what has changed, and is told what has changed', async () => {
    const { beats } = await gateway()
    const client = await dial()
    beat(client, 1)
    const { taken, list } = (await client.nextFrame()).fields as Message<'CascadeBeatReply'>
    const [own, below] = sampleMessages.CascadeBeat.reports
    const changes = { reports: [{ ...own!, source: 3, pinned: 0 }], ages: [12] }
    beat(client, 2, { ...changes, after: taken!, list: list! })
    expect((await client.nextFrame()).fields).toMatchObject({ taken: 2, listAfter: list, list, brokers: [] })
    expect(beats[1]!.reports).toEqual([...changes.reports, { ...below!, ageMs: 1_200 }])
    // A beat that builds on another one than the last is refused, and the connection stays.
    beat(client, 3, { ...changes, after: taken! })
    expect((await client.nextFrame()).fields).toMatchObject({ correlation: 3, error: { code: 'INVALID_REQUEST' } })
    const another = await dial()
    beat(another, 1, { ...changes, after: taken! })
    expect((await another.nextFrame()).fields).toMatchObject({ error: { code: 'INVALID_REQUEST' } })
  })

  test('is answered however busy the gateway is', async () => {
    await gateway({ maxRequests: 2, maxWaitingReads: 2, pauseBufferedBytes: 100_000 })
    const client = await dial()
    let open = () => {}
    const gate = new Promise<void>((resolve) => (open = resolve))
    fixture.broker.publish = () => gate.then(() => Promise.reject(new TailraceError('READ_ONLY')))
    const post = { method: 'POST', headers: { 'content-type': 'application/json' } }
    const body = JSON.stringify({ records: [{ value: 'x' }] })
    const waiting = [1, 2, 3].map(() => fetch(`${fixture.url}/topics/flights/records`, { ...post, body }))
    expect((await Promise.race(waiting)).status).toBe(429)
    // Ordinary clients that ask on as fast as they can.
    const busy = await Promise.all([1, 2, 3].map(() => dial()))
    for (const other of busy) {
      for (let at = 0; at < 2_000; at++) other.frame('Metadata', { correlation: at, topics: ['flights'] })
    }
    for (let correlation = 1; correlation <= 3; correlation++) {
      beat(client, correlation)
      expect(await client.nextFrame()).toMatchObject({ name: 'CascadeBeatReply', fields: { correlation } })
    }
    open()
    await Promise.all(waiting.map((answer) => answer.then((response) => response.arrayBuffer())))
  })

  test('with a wrong field is refused, and the connection stays', async () => {
    const { beats } = await gateway()
    const client = await dial()
    const [report] = sampleMessages.CascadeBeat.reports
    const odd: Partial<Message<'CascadeBeat'>>[] = [
      { reports: [] },
      { broker: -1 },
      { reports: [{ ...report!, lagMs: -1 }] },
      { reports: [{ ...report!, featureLevels: { lowest: 2, highest: 1 } }] },
      { reports: [{ ...report!, directoryId: 'd'.repeat(101) }] },
      { after: -1 },
      { ages: [-1] },
      { gone: [-1] },
      { list: -2 },
    ]
    for (const [correlation, changes] of odd.entries()) {
      beat(client, correlation, changes)
      const fields = { correlation, error: { code: 'INVALID_REQUEST' } }
      expect(await client.nextFrame()).toMatchObject({ name: 'Failure', fields })
    }
    client.frame('CascadeTopics', { correlation: 9, from: -1 })
    expect((await client.nextFrame()).fields).toMatchObject({ correlation: 9, error: { code: 'INVALID_REQUEST' } })
    expect(beats).toEqual([])
  })

  test('with more reports than there can be ends its connection and costs no answer', async () => {
    const { beats } = await gateway()
    const client = await dial()
    const [report] = sampleMessages.CascadeBeat.reports
    beat(client, 1, { reports: new Array(10_001).fill(report) })
    expect((await client.nextFrame()).fields).toMatchObject({
      error: { code: 'MALFORMED_FRAME', message: expect.stringContaining('10000 are allowed') },
    })
    expect([(await client.closed).code, beats]).toEqual([1002, []])
  })

  test('that the control refuses is answered with its reason', async () => {
    await gateway({}, { beat: () => Promise.reject(new TailraceError('CASCADE_CYCLE', 'Round and round.')) })
    const client = await dial()
    beat(client, 7)
    const error = { code: 'CASCADE_CYCLE', message: expect.stringContaining('Round and round.') }
    expect((await client.nextFrame()).fields).toMatchObject({ correlation: 7, error })
  })
})

describe('a client that is no cascade broker and beats', () => {
  test('has one beat at work at a time', async () => {
    const { beats, world } = await gateway()
    const client = await dial()
    let open = () => {}
    world.gate = new Promise((resolve) => (open = resolve))
    for (let correlation = 1; correlation <= 1_000; correlation++) beat(client, correlation)
    for (let correlation = 2; correlation <= 1_000; correlation++) {
      expect((await client.nextFrame()).fields).toMatchObject({ correlation, error: { code: 'OVERLOADED' } })
    }
    expect(beats).toHaveLength(1)
    open()
    expect((await client.nextFrame()).fields).toMatchObject({ correlation: 1, level: reply.level })
  })

  test('before it has read the answers gets no more of them', async () => {
    const wide = { ...page, topics: Array.from({ length: 5_000 }, () => page.topics[0]!) }
    await gateway({ maxBufferedBytes: 64 * 1024 }, { topicPage: () => wide })
    const client = await dial()
    // All in one write, so that the broker gets them in one turn: nothing can be sent in between.
    client.socket.pause()
    for (let correlation = 1; correlation <= 20; correlation++) client.frame('CascadeTopics', { correlation, from: 0 })
    beat(client, 21)
    client.socket.resume()
    const names: string[] = []
    while (names.length < 21) names.push((await client.nextFrame()).name)
    expect(names[0]).toBe('CascadeTopicsReply')
    expect(names).toContain('Failure')
  })

  test('and does not read is closed as others are', async () => {
    const wide = { ...page, topics: Array.from({ length: 5_000 }, () => page.topics[0]!) }
    await gateway({ maxBufferedBytes: 64 * 1024, slowReaderMs: 300 }, { topicPage: () => wide })
    const client = await dial()
    client.socket.pause()
    const frame = Buffer.concat(encodeFrame('CascadeTopics', { correlation: 1, from: 0 }))
    // Until the buffers of the kernel and of the gateway are full.
    const askAgain = (): Promise<number> => {
      client.socket.send(frame)
      return slowReaders()
    }
    await expect.poll(askAgain, { interval: 5, timeout: 10_000 }).toBe(1)
    client.socket.resume()
    await client.closed
  })

  test('from a page of a foreign origin is refused', async () => {
    const { beats } = await gateway({ readOrigins: ['https://elsewhere.example'] })
    const client = await dial({ origin: 'https://elsewhere.example' })
    beat(client, 1)
    expect((await client.nextFrame()).fields).toMatchObject({ correlation: 1, error: { code: 'ORIGIN_REFUSED' } })
    client.frame('CascadeTopics', { correlation: 2, from: 0 })
    expect((await client.nextFrame()).fields).toMatchObject({ correlation: 2, error: { code: 'ORIGIN_REFUSED' } })
    expect(beats).toEqual([])
  })
})
