import { protocolFingerprint } from '@tailrace/schemas'
import { describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../../platform/node/crypto.ts'
import { seededRandom } from '../../../platform/testing/random.ts'
import { addressOf, identityOfBroker, PeerCluster, RawPeer } from '../../testing/peer-cluster.ts'
import { HandshakeProof, type Role } from './handshake-proof.ts'
import { helloOf, helloReplyOf, nobody } from './identity-frames.ts'

const [key, other] = [1, 2].map((byte) => new Uint8Array(32).fill(byte)) as [Uint8Array, Uint8Array]
const keys = (required: boolean, ...held: Uint8Array[]) => ({ required, current: () => held })
const me = identityOfBroker(9, '')
const hello = helloOf(me, 3)
const random = seededRandom(5)

const proofOf = (role: Role, held = key) => new HandshakeProof(role, { crypto: nodeCrypto, random, keys: [held] })

/** Broker 1 with the key, and the bare end of a connection to it. */
async function dialled(required = true) {
  const cluster = new PeerCluster()
  const broker = await cluster.start(1, { join: [], clusterKeys: keys(required, key) })
  return { cluster, broker, raw: await cluster.connectTo(broker) }
}

/** Broker 1 with the key, which dials a listener that is no broker. */
async function dialling(required = true) {
  const cluster = new PeerCluster()
  const raws: RawPeer[] = []
  await cluster.network.host('b2').listen(addressOf(2), (stream) => raws.push(new RawPeer(stream)))
  const broker = await cluster.start(1, { join: [addressOf(2)], clusterKeys: keys(required, key) })
  await cluster.pass(20)
  return { cluster, broker, raws }
}

/** A raw connection up to the acceptor's Challenge, which is checked. */
async function challenged({ cluster, raw }: { cluster: PeerCluster; raw: RawPeer }) {
  const proof = proofOf('dialler')
  raw.send('Challenge', { protocol: 3 }, proof.ask())
  await cluster.pass(20)
  expect(raw.names).toEqual(['Challenge'])
  proof.checkAnswer(raw.frames[0]!.body)
  raw.frames.length = 0
  return proof
}

/** Two brokers that dial each other. */
async function pair(of1: ReturnType<typeof keys> | undefined, of2: ReturnType<typeof keys> | undefined) {
  const cluster = new PeerCluster()
  const join = [addressOf(1), addressOf(2)]
  const of = (clusterKeys: ReturnType<typeof keys> | undefined) => ({ join, ...(clusterKeys && { clusterKeys }) })
  const brokers = [await cluster.start(1, of(of1)), await cluster.start(2, of(of2))]
  await cluster.pass(3000)
  return { cluster, brokers, linked: brokers.map(({ links }) => links.at(-1)?.startsWith('+') ?? false) }
}

describe('who has the key', () => {
  test('shakes hands in six frames; messages count afterwards', async () => {
    const { cluster, broker, raw } = await dialled()
    const proof = await challenged({ cluster, raw })
    raw.send('Hello', hello, [proof.prove(hello)])
    await cluster.pass(20)
    expect(raw.frames[0]!.fields).toEqual({ protocol: 3, schemas: protocolFingerprint, ...broker.identity })
    proof.check(raw.frames[0]!.fields as typeof hello, raw.frames[0]!.body)
    raw.send('HelloReply', helloReplyOf(me, '', null))
    await cluster.pass(20)
    raw.send('VoteReply', { group: 3, term: 4, pre: true, granted: true })
    await cluster.pass(20)
    expect(broker.raft).toHaveLength(1)
  })

  test.each([
    ['the same key', [key], [key], true],
    ['other keys', [key], [other], false],
    ['the old one, and both with the old one first', [key], [key, other], true],
    ['both with either first', [key, other], [other, key], true],
    ['both with the new one first, and the new one', [other, key], [other], true],
    ['the old one, and both with the new one first: one step too many', [key], [other, key], false],
  ])('brokers are linked while a key is being replaced: %s', async (_, held1, held2, works) => {
    const { brokers, linked } = await pair(keys(true, ...held1), keys(true, ...held2))
    expect(linked).toEqual([works, works])
    if (works) expect(brokers.flatMap(({ log }) => log.filter((line) => line.includes('not proved')))).toEqual([])
    else for (const { log } of brokers) expect(log.join()).toContain('The two brokers have different cluster keys.')
  })
})

describe('a cluster gets a key one broker after the other', () => {
  test.each([
    ['none and none', undefined, undefined, true],
    ['none and optional', undefined, keys(false, key), true],
    ['optional and optional', keys(false, key), keys(false, key), true],
    ['optional and required', keys(false, key), keys(true, key), true],
    ['optional with another key', keys(false, key), keys(false, other), false],
    ['none and required', undefined, keys(true, key), false],
  ])('%s', async (_, of1, of2, works) => {
    const { linked, brokers } = await pair(of1, of2)
    expect(linked).toEqual([works, works])
    if (!works) for (const { log } of brokers) expect(log.join()).toContain('The peer has not proved that it belongs')
  })

  test('where one side alone has a key, both say which one', async () => {
    const { brokers } = await pair(undefined, keys(true, key))
    const [without, having] = brokers.map(({ log }) => log.join('\n')) as [string, string]
    expect(without).toContain('The broker here has no cluster key, the other one has.')
    expect(without).toContain('Broker 1 has proved nothing; the broker here takes only those with the cluster key.')
    expect(having).toContain('The broker here has no cluster key, the other one has.')
    expect(having).toContain('Broker 1 has proved nothing')
  })

  test('a broker of an earlier version, which closes at a Challenge, is dialled without one', async () => {
    const { cluster, raws } = await dialling(false)
    expect(raws[0]!.names).toEqual(['Challenge'])
    raws[0]!.stream.destroy()
    await cluster.pass(200)
    expect(raws[1]!.frames[0]!.fields).toMatchObject({ protocol: 2, brokerId: 1 })
    raws[1]!.stream.destroy()
    await cluster.pass(400)
    expect(raws[2]!.names).toEqual(['Challenge'])
  })

  test('but not by one that requires the key, which says what is the matter', async () => {
    const { cluster, broker, raws } = await dialling()
    raws[0]!.stream.destroy()
    await cluster.pass(200)
    expect(raws[1]!.names).toEqual(['Challenge'])
    expect(broker.log.join()).toContain('it has no cluster key, or is of an earlier version')
  })
})

describe('a stranger', () => {
  const blank = { ...nobody, protocolJson: '' }
  const refused = (code: string) => ({ ...blank, error: expect.objectContaining({ code }) })

  test('that says Hello learns nothing but a refusal', async () => {
    const { cluster, broker, raw } = await dialled()
    raw.send('Hello', helloOf(me))
    await cluster.pass(20)
    expect(raw.frames.map(({ fields }) => fields)).toEqual([refused('PEER_NOT_AUTHENTICATED')])
    expect(broker.log.join()).toContain('Broker 9 has proved nothing')
    expect(broker.peers.stats.handshakesRefused).toBe(1)
  })

  test.each([
    ['a proof with another key', () => proofOf('dialler', other)],
    ['no proof', () => null],
  ])('that has seen a Challenge learns nothing from %s', async (_, make) => {
    const { cluster, broker, raw } = await dialled()
    const proof = make()
    raw.send('Challenge', { protocol: 3 }, [new Uint8Array(32)])
    await cluster.pass(20)
    expect(raw.frames[0]!.body).toHaveLength(64)
    expect(raw.frames[0]!.fields).toEqual({ protocol: 3 })
    raw.send('Hello', hello, proof === null ? [] : [proof.prove(hello)])
    await cluster.pass(20)
    expect(raw.frames.slice(1).map(({ fields }) => fields)).toEqual([
      refused(proof === null ? 'MALFORMED_FRAME' : 'PEER_NOT_AUTHENTICATED'),
    ])
    raw.send('Vote', { group: 0, term: 4, pre: false, transfer: false, lastIndex: 5, lastTerm: 3 })
    await cluster.pass(20)
    expect([raw.closed, broker.raft, broker.peers.identity(9)]).toEqual([true, [], undefined])
  })

  test('that listens where a broker dials gets a nonce, and not a word about the broker', async () => {
    const { cluster, raws } = await dialling()
    expect(raws[0]!.frames.map(({ name, fields }) => [name, fields])).toEqual([['Challenge', { protocol: 3 }]])
    raws[0]!.send('Challenge', { protocol: 3 }, proofOf('acceptor', other).answer(raws[0]!.frames[0]!.body))
    await cluster.pass(20)
    expect(raws[0]!.frames.slice(1).map(({ fields }) => fields)).toEqual([refused('PEER_NOT_AUTHENTICATED')])
  })

  test.each([
    ['Hello', () => helloOf(me)],
    ['HelloReply', () => helloReplyOf(me, '', null)],
  ] as const)('cannot answer a Challenge with a %s', async (name, fields) => {
    const { cluster, broker, raws } = await dialling()
    raws[0]!.send(name as 'Hello', fields() as ReturnType<typeof helloOf>)
    await cluster.pass(20)
    expect(broker.peers.identity(9)).toBeUndefined()
    expect(raws[0]!.names).not.toContain('Hello')
  })

  test.each([0, 31, 33, 64])('is refused with a nonce of %i bytes', async (bytes) => {
    const { cluster, raw } = await dialled()
    raw.send('Challenge', { protocol: 3 }, [new Uint8Array(bytes)])
    await cluster.pass(20)
    expect(raw.frames.map(({ fields }) => fields)).toEqual([refused('MALFORMED_FRAME')])
  })

  test('of a later version of the handshake is told the versions', async () => {
    const { cluster, broker, raw } = await dialled()
    raw.send('Challenge', { protocol: 4 }, [new Uint8Array(32)])
    await cluster.pass(20)
    expect(raw.frames.map(({ fields }) => fields)).toEqual([refused('INCOMPATIBLE_PEER')])
    expect(broker.log.join()).toContain(
      'The peer speaks version 4 of the handshake between brokers, this one version 3',
    )
  })

  test('cannot use a proof twice: neither of another connection, nor one of the other direction', async () => {
    const { cluster, broker, raw } = await dialled()
    const proof = await challenged({ cluster, raw })
    const recorded = proof.prove(hello)
    const again = await cluster.connectTo(broker)
    again.send('Challenge', { protocol: 3 }, proof.ask())
    await cluster.pass(20)
    again.send('Hello', hello, [recorded])
    await cluster.pass(20)
    expect(again.frames.at(-1)!.fields).toEqual(refused('PEER_NOT_AUTHENTICATED'))
    // The acceptor's own proof of the same connection, sent back.
    const mirror = await cluster.connectTo(broker)
    mirror.send('Challenge', { protocol: 3 }, [new Uint8Array(32)])
    await cluster.pass(20)
    mirror.send('Hello', hello, [mirror.frames[0]!.body.slice(32)])
    await cluster.pass(20)
    expect(mirror.frames.at(-1)!.fields).toEqual(refused('PEER_NOT_AUTHENTICATED'))
  })

  test.each(Object.keys(hello).filter((field) => field !== 'protocol') as (keyof typeof hello)[])(
    'between two brokers cannot change %s of a Hello',
    async (field) => {
      const { cluster, broker, raw } = await dialled()
      const proof = await challenged({ cluster, raw })
      const value = hello[field]
      const changed = typeof value === 'string' ? `${value}x` : typeof value === 'number' ? value + 1 : !value
      raw.send('Hello', { ...hello, [field]: changed }, [proof.prove(hello)])
      await cluster.pass(20)
      expect(raw.frames.map(({ fields }) => fields)).toEqual([refused('PEER_NOT_AUTHENTICATED')])
      expect(broker.peers.identity(9)).toBeUndefined()
    },
  )

  test('between two brokers cannot make the proven handshake a plain one', async () => {
    const { cluster, raw } = await dialled()
    const proof = await challenged({ cluster, raw })
    raw.send('Hello', helloOf(me), [proof.prove(hello)])
    await cluster.pass(20)
    expect([raw.closed, raw.frames]).toEqual([true, []])
  })

  test('cannot say that its Hello is of the version with proofs', async () => {
    const { cluster, broker, raw } = await dialled(false)
    raw.send('Hello', hello)
    await cluster.pass(20)
    expect([raw.closed, raw.frames, broker.peers.identity(9)]).toEqual([true, [], undefined])
  })
})

test('a broker that dials itself stops dialling, also with a key', async () => {
  const cluster = new PeerCluster()
  const alias = 'b1:7001'
  const broker = await cluster.start(1, { join: [alias], clusterKeys: keys(true, key) })
  await cluster.network.host('b1').listen(alias, (stream) => void pipe(stream))
  const pipe = async (stream: import('../../../platform/network.ts').ByteStream) => {
    const early: Uint8Array[] = []
    stream.onData = (chunk) => void early.push(chunk)
    const onward = await cluster.network.host('b1').connect(addressOf(1), 1000)
    onward.write(early)
    stream.onData = (chunk) => onward.write([chunk])
    onward.onData = (chunk) => stream.write([chunk])
    stream.onClose = () => onward.destroy()
    onward.onClose = () => stream.destroy()
  }
  await cluster.pass(3000)
  expect(broker.peers.stats.handshakesRefused).toBe(1)
  const { framesSent } = broker.peers.stats
  await cluster.pass(3000)
  expect(broker.peers.stats.framesSent).toBe(framesSent)
})
