import { encodeFrame, type MessageName, MessageNumber } from '@tailrace/schemas'
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../platform/testing/random.ts'
import { addressOf, identityOfBroker, PeerCluster, type RawPeer, type TestBroker } from '../testing/peer-cluster.ts'
import { helloOf, helloReplyOf } from './handshake/identity-frames.ts'

const text = (line: string) => new TextEncoder().encode(line)
const random = seededRandom(42)
const noise = (length: number) => Uint8Array.from({ length }, () => random.below(256))
const frame = (length: number, number: number, headerBytes: number, layout = 1) => {
  const bytes = new Uint8Array(12)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, length)
  view.setUint8(4, layout)
  view.setUint16(6, number)
  view.setUint32(8, headerBytes)
  return bytes
}

const garbage: [string, Uint8Array][] = [
  ['an HTTP request', text('GET / HTTP/1.1\r\nHost: b1:7000\r\nUser-Agent: curl/8\r\n\r\n')],
  ['a TLS ClientHello', Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, ...noise(500))],
  ['an SSH banner', text('SSH-2.0-OpenSSH_9.6\r\n')],
  [
    'a Kafka ApiVersions request',
    Uint8Array.of(0, 0, 0, 20, 0, 18, 0, 3, 0, 0, 0, 1, 0, 4, 116, 101, 115, 116, 0, 2, 0, 2, 0, 0),
  ],
  ['a length of 4 GB', frame(0xffffffff, MessageNumber.Hello, 10)],
  ['a frame of 65 KiB, which a broker that is known could send', frame(65 * 1024, MessageNumber.Hello, 10)],
  ['a length of nothing', frame(0, MessageNumber.Hello, 0)],
  ['a header longer than the frame', frame(100, MessageNumber.Hello, 200)],
  ['an unknown message', frame(8, 999, 0)],
  ['another layout', frame(8, MessageNumber.Hello, 0, 7)],
  ['an empty Hello', frame(8, MessageNumber.Hello, 0)],
  ['a Hello whose fields are noise', Uint8Array.of(...frame(308, MessageNumber.Hello, 300), ...noise(300))],
  ['a Hello with a body', bytesOf(encodeFrame('Hello', helloOf(identityOfBroker(9, '')), [noise(10)]))],
  ['a HelloReply first', bytesOf(encodeFrame('HelloReply', helloReplyOf(identityOfBroker(9, ''), '', null)))],
  ['a Vote before Hello', bytesOf(encodeFrame('VoteReply', { group: 1, term: 1, pre: false, granted: true }))],
  [
    'two Hellos',
    bytesOf([
      ...encodeFrame('Hello', helloOf(identityOfBroker(9, ''))),
      ...encodeFrame('Hello', helloOf(identityOfBroker(9, ''))),
    ]),
  ],
]

function bytesOf(pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(pieces))
}

async function pair(limits = {}) {
  const cluster = new PeerCluster(3)
  const join = [addressOf(1), addressOf(2)]
  const one = await cluster.start(1, { join, limits })
  const two = await cluster.start(2, { join })
  await cluster.pass(300)
  expect([one.links, two.links]).toEqual([['+2'], ['+1']])
  return { cluster, one, two }
}

/** As broker 9, with its handshake done. */
async function known(cluster: PeerCluster, broker: TestBroker): Promise<RawPeer> {
  const raw = await cluster.connectTo(broker)
  await cluster.shakeHands(raw, identityOfBroker(9, ''))
  expect(broker.peers.identity(9)).toBeDefined()
  return raw
}

async function expectUnharmed(cluster: PeerCluster, one: TestBroker, two: TestBroker): Promise<void> {
  expect([one.links, two.links]).toEqual([['+2'], ['+1']])
  two.peers.sendRaft(1, { type: 'vote-reply', from: 2, to: 1, term: 1, pre: false, granted: true }, [])
  await cluster.pass(20)
  expect(one.raft).toHaveLength(1)
}

describe('on a fresh connection', () => {
  test.each(garbage)('%s closes it and harms no other connection', async (_, bytes) => {
    const { cluster, one, two } = await pair()
    const raw = await cluster.connectTo(one)
    raw.stream.write([bytes])
    await cluster.pass(20)
    expect(raw.closed).toBe(true)
    expect(one.peers.stats.malformed).toBe(1)
    expect(one.log.filter((line) => line.startsWith('dropped a peer connection'))).toHaveLength(1)
    await expectUnharmed(cluster, one, two)
  })

  test('noise in any number of chunks closes it at the latest by the time limit', async () => {
    const { cluster, one, two } = await pair()
    for (let i = 0; i < 100; i++) {
      const raw = await cluster.connectTo(one)
      raw.stream.write([noise(1 + random.below(300))])
      await cluster.pass(20)
      raw.stream.write([noise(1 + random.below(70_000))])
    }
    await cluster.pass(100)
    expect(one.peers.stats.malformed).toBeGreaterThan(90)
    expect(one.log.length).toBeLessThan(120)
    await expectUnharmed(cluster, one, two)
  })

  test('at most so many strangers: the oldest makes room, a broker still gets in', async () => {
    const { cluster, one } = await pair({ maxUnknownConnections: 4 })
    const raws: RawPeer[] = []
    for (let i = 0; i < 10; i++) raws.push(await cluster.connectTo(one))
    await cluster.pass(20)
    expect(raws.map(({ closed }) => closed)).toEqual([...Array(6).fill(true), ...Array(4).fill(false)])
    await known(cluster, one)
  })
})

test.each([
  ['with the schemas of this version sends no frame of 65 KiB', {}, 65],
  ['with other schemas sends no frame of 257 KiB', { schemas: 'newer' }, 257],
])('a connection that has said Hello %s', async (_, changes, kib) => {
  const { cluster, one, two } = await pair()
  const raw = await cluster.connectTo(one)
  raw.send('Hello', { ...helloOf(identityOfBroker(9, '')), ...changes })
  await cluster.pass(20)
  expect(raw.closed).toBe(false)
  raw.stream.write([frame(kib * 1024, MessageNumber.HelloReply, 10)])
  await cluster.pass(20)
  expect([raw.closed, one.peers.stats.malformed]).toEqual([true, 1])
  await expectUnharmed(cluster, one, two)
})

describe('on a connection of a broker that is known', () => {
  const wrongNames: MessageName[] = ['HelloReply', 'Subscribe', 'PublishReply', 'Metadata']
  const sent: [string, Uint8Array][] = [
    ['an HTTP request', garbage[0]![1]],
    ['a length of 4 GB', garbage[4]![1]],
    ['noise', noise(5000)],
    ...wrongNames.map((name): [string, Uint8Array] => [`an empty ${name}`, frame(8, MessageNumber[name], 0)]),
    [
      'an answer to nothing asked',
      bytesOf(encodeFrame('DriveChangeReply', { correlation: 1, state: 'done', reason: '' })),
    ],
    ['a frame longer than any broker takes', frame(2 ** 31, MessageNumber.Append, 10)],
  ]

  test.each(sent)('%s closes it and harms no other connection', async (_, bytes) => {
    const { cluster, one, two } = await pair()
    const raw = await known(cluster, one)
    raw.stream.write([bytes])
    await cluster.pass(20)
    expect(raw.closed).toBe(true)
    expect(one.peers.stats.malformed).toBe(1)
    await expectUnharmed(cluster, one, two)
  })
})

describe('an error of a handler costs the connection, not the process', () => {
  const vote = { type: 'vote-reply', from: 2, to: 1, term: 1, pre: false, granted: true } as const
  const fail = (): never => {
    throw new Error('a broken invariant')
  }

  test.each(['accepts', 'raft', 'leaders', 'told', 'request'] as const)('of %s', async (name) => {
    const { cluster, one, two } = await pair()
    one.handlers[name] = fail
    if (name === 'leaders') two.peers.announceLeaders([{ group: 1, term: 1 }])
    else if (name === 'told')
      two.peers.tell(1, 'NodeBeat', { led: 0, ledDigest: 0, followed: 0, followedDigest: 0, durable: 0 })
    else if (name === 'request') void two.peers.request(1, 'Join', {}, [], 100).catch(({ code }) => two.log.push(code))
    else two.peers.sendRaft(1, vote, [])
    await cluster.pass(20)
    if (name === 'request') {
      // A peer is there to be told.
      expect(two.log.at(-1)).toBe('INTERNAL')
      return
    }
    expect(one.peers.stats).toMatchObject({ handlerFaults: 1, malformed: 0 })
    expect(two.links).toEqual(['+1', '-1'])
    expect(one.log.filter((line) => line.includes('a broken invariant'))).toHaveLength(1)
    // The next connection is as good as the first.
    Object.assign(one.handlers, { [name]: () => (name === 'leaders' ? 0 : true) })
    await cluster.pass(1500)
    expect(two.links).toEqual(['+1', '-1', '+1'])
  })

  test('of the end of a connection', async () => {
    const { cluster, one, two } = await pair()
    one.handlers.link = fail
    await two.peers.close()
    await cluster.pass(20)
    expect(one.peers.stats.handlerFaults).toBe(1)
    expect(one.log.some((line) => line.startsWith('handling the end of a peer connection failed'))).toBe(true)
  })
})
