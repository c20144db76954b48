import { encodeFrame, type Message, protocolFingerprint, TailraceError } from '@tailrace/schemas'
import { protocolJson, writtenProtocolJson } from '@tailrace/schemas/foreign-protocol'
import { describe, expect, test } from 'vitest'
import { addressOf, identityOfBroker, PeerCluster, RawPeer } from '../../testing/peer-cluster.ts'
import { helloOf, helloReplyOf } from './identity-frames.ts'

const me = identityOfBroker(9, '')

/** Broker 1, and the bare end of a connection to it. */
async function dialled() {
  const cluster = new PeerCluster()
  const broker = await cluster.start(1, { join: [] })
  return { cluster, broker, raw: await cluster.connectTo(broker) }
}

/** Broker 1, which dials a listener that is no broker. */
async function dialling() {
  const cluster = new PeerCluster()
  const raws: RawPeer[] = []
  await cluster.network.host('b2').listen(addressOf(2), (stream) => raws.push(new RawPeer(stream)))
  const broker = await cluster.start(1, { join: [addressOf(2)] })
  await cluster.pass(20)
  return { cluster, broker, raws }
}

/** A protocol in which Heartbeats has one field more, at its end. */
function newerProtocol(type: unknown, extra: object): string {
  const protocol = JSON.parse(protocolJson)
  const heartbeats = protocol.messages.find((m: { schema: { name: string } }) => m.schema.name.endsWith('Heartbeats'))
  heartbeats.schema.fields.push({ name: 'mood', type, ...extra })
  return JSON.stringify(protocol)
}

/** A Heartbeats frame as a broker of that protocol writes it: "good" in the additional field. */
function newerHeartbeats(fields: Message<'Heartbeats'>): Uint8Array {
  const [own] = encodeFrame('Heartbeats', fields)
  const frame = Uint8Array.from([...own!, 8, ...Buffer.from('good')])
  const view = new DataView(frame.buffer)
  view.setUint32(0, frame.length - 4)
  view.setUint32(8, frame.length - 12)
  return frame
}

test('equal protocols: Hello, Hello, HelloReply, HelloReply, and no protocol is sent', async () => {
  const { cluster, broker, raw } = await dialled()
  raw.send('Hello', helloOf(me))
  await cluster.pass(20)
  expect(raw.names).toEqual(['Hello'])
  expect(raw.frames[0]!.fields).toEqual({ protocol: 2, schemas: protocolFingerprint, ...broker.identity })
  raw.send('HelloReply', helloReplyOf(me, '', null))
  raw.send('Vote', { group: 3, term: 4, pre: true, transfer: false, lastIndex: 5, lastTerm: 3 })
  await cluster.pass(20)
  // The Vote came before the last frame of the handshake.
  expect(raw.closed).toBe(true)
  expect(broker.raft).toEqual([])
})

test('after the handshake messages are taken, as coming from the broker that said Hello', async () => {
  const { cluster, broker, raw } = await dialled()
  raw.send('Hello', helloOf(me))
  await cluster.pass(20)
  raw.send('HelloReply', helloReplyOf(me, '', null))
  await cluster.pass(20)
  expect(raw.names).toEqual(['Hello', 'HelloReply'])
  expect(raw.frames[1]!.fields).toMatchObject({ brokerId: 1, protocolJson: '', error: null })
  raw.send('VoteReply', { group: 3, term: 4, pre: true, granted: true })
  await cluster.pass(20)
  expect(broker.raft).toEqual([
    { group: 3, message: { type: 'vote-reply', from: 9, to: 1, term: 4, pre: true, granted: true }, payloads: [] },
  ])
  expect(broker.peers.identity(9)).toEqual(me)
  expect(broker.peers.connected(9)).toBe(false)
})

test('a newer protocol is sent along and resolved: its additional field is skipped', async () => {
  const { cluster, broker, raw } = await dialled()
  raw.send('Hello', { ...helloOf(me), schemas: 'newer' })
  await cluster.pass(20)
  raw.send('HelloReply', helloReplyOf(me, newerProtocol('string', { default: '' }), null))
  await cluster.pass(20)
  expect(raw.frames[1]!.fields).toMatchObject({ protocolJson: writtenProtocolJson(), error: null })
  raw.stream.write([
    newerHeartbeats({ beats: [{ group: 3, term: 4, commit: 5, sentAt: 6, sleep: false, acknowledged: 0 }] }),
  ])
  await cluster.pass(20)
  expect(broker.raft.map(({ message }) => message)).toEqual([
    { type: 'heartbeat', from: 9, to: 1, term: 4, commit: 5, sentAt: 6, sleep: false, acknowledged: 0, round: 0 },
  ])
})

test.each([
  ['no protocol', ''],
  ['no JSON', '{{{'],
  ['not Avro', JSON.stringify({ layout: 1, messages: [{ number: 10, schema: { type: 'nonsense' } }] })],
  ['another layout', JSON.stringify({ layout: 2, messages: [] })],
])('a protocol that cannot be resolved is refused with INCOMPATIBLE_PEER: %s', async (_, json) => {
  const { cluster, broker, raw } = await dialled()
  raw.send('Hello', { ...helloOf(me), schemas: 'newer' })
  await cluster.pass(20)
  raw.send('HelloReply', helloReplyOf(me, json, null))
  await cluster.pass(20)
  expect(raw.frames[1]!.fields).toMatchObject({ error: { code: 'INCOMPATIBLE_PEER', retriable: false } })
  expect(broker.peers.stats.handshakesRefused).toBe(1)
})

describe('a broker of another version of the handshake', () => {
  const told = (theirs: number) =>
    new RegExp(
      `Broker 9 speaks version ${theirs} of the handshake between brokers, broker 1 version 3: stop all .*data stays`,
    )

  test.each([1, 4])(
    'is refused with INCOMPATIBLE_PEER where it dials, and both can log versions and remedy: %i',
    async (version) => {
      const { cluster, broker, raw } = await dialled()
      raw.send('Hello', { ...helloOf(me), protocol: version })
      await cluster.pass(20)
      expect(raw.frames.map(({ fields }) => fields)).toMatchObject([
        { error: { code: 'INCOMPATIBLE_PEER', retriable: false, message: expect.stringMatching(told(version)) } },
      ])
      expect(broker.log).toEqual([expect.stringMatching(told(version))])
      expect(broker.peers.connected(9)).toBe(false)
    },
  )

  test('is refused when it is dialled', async () => {
    const { cluster, broker, raws } = await dialling()
    raws[0]!.send('Hello', { ...helloOf(identityOfBroker(2, '')), protocol: 4 })
    await cluster.pass(20)
    const message = expect.stringContaining('Broker 2 speaks version 4')
    expect(raws[0]!.frames[1]!.fields).toMatchObject({ error: { code: 'INCOMPATIBLE_PEER', message } })
    raws[0]!.stream.destroy()
    await cluster.pass(20)
    expect(broker.log).toEqual([message])
  })

  test('refuses this one as version 1 does: the log explains the refusal', async () => {
    const { cluster, broker, raws } = await dialling()
    const error = new TailraceError('INCOMPATIBLE_PEER', 'It speaks version 2 of the handshake.').toJSON()
    raws[0]!.send('HelloReply', helloReplyOf(identityOfBroker(2, ''), '', error))
    await cluster.pass(20)
    expect(broker.log).toEqual([
      expect.stringMatching(
        /Broker 2 speaks version 1 of the handshake between brokers, broker 1 version 3: .*data stays/,
      ),
    ])
    expect(broker.peers.refusal(addressOf(2))).toMatchObject({ code: 'INCOMPATIBLE_PEER' })
  })

  test('and a refusal for another reason stays what it is', async () => {
    const { cluster, broker, raws } = await dialling()
    const error = new TailraceError('INCOMPATIBLE_PEER', 'Vote: no such field.').toJSON()
    raws[0]!.send('HelloReply', helloReplyOf(identityOfBroker(2, ''), '', error))
    await cluster.pass(20)
    expect(broker.log).toEqual([expect.stringContaining('Vote: no such field.')])
  })
})

test('a broker that admit refuses is told why, and is dropped if it does not close', async () => {
  const { cluster, broker, raw } = await dialled()
  broker.admit = ({ clusterId }) => {
    throw new TailraceError('CLUSTER_MISMATCH', `${clusterId} is not ours.`)
  }
  raw.send('Hello', helloOf(me))
  await cluster.pass(20)
  expect(raw.names).toEqual(['HelloReply'])
  expect(raw.frames[0]!.fields).toMatchObject({ error: { code: 'CLUSTER_MISMATCH' } })
  await cluster.pass(4900)
  expect(raw.closed).toBe(false)
  await cluster.pass(200)
  expect(raw.closed).toBe(true)
})

test('our own id at the other end is refused', async () => {
  const { cluster, broker, raw } = await dialled()
  raw.send('Hello', helloOf(identityOfBroker(1, '', 'another life')))
  await cluster.pass(20)
  expect(raw.frames[0]!.fields).toMatchObject({ error: { code: 'BROKER_IDENTITY_MISMATCH' } })
  expect(broker.peers.connected(1)).toBe(false)
})

test('a peer that sends nothing, or nothing more, is dropped after the handshake time limit', async () => {
  const { cluster, raw } = await dialled()
  raw.send('Hello', helloOf(me))
  await cluster.pass(4900)
  expect(raw.closed).toBe(false)
  await cluster.pass(200)
  expect(raw.closed).toBe(true)
})

test('the dialler refuses too, reports that, comes back, and logs it once', async () => {
  const { cluster, broker, raws } = await dialling()
  broker.admit = () => {
    throw new TailraceError('CLUSTER_MISMATCH')
  }
  for (let attempt = 0; attempt < 4; attempt++) {
    const raw = raws.at(-1)!
    expect(raws).toHaveLength(attempt + 1)
    raw.send('Hello', helloOf(identityOfBroker(2, '')))
    await cluster.pass(20)
    expect(raw.names).toEqual(['Hello', 'HelloReply'])
    expect(raw.frames[1]!.fields).toMatchObject({ error: { code: 'CLUSTER_MISMATCH' } })
    raw.stream.destroy()
    await cluster.pass(1020)
  }
  expect(broker.log.filter((line) => line.includes('another cluster'))).toHaveLength(1)
  expect(broker.log).toHaveLength(1)
  expect(broker.links).toEqual([])
})

test('a dialler that is refused goes away, tries again, and logs once for each reason', async () => {
  const { cluster, broker, raws } = await dialling()
  const refuse = async (code: 'CLUSTER_MISMATCH' | 'INCOMPATIBLE_PEER') => {
    const raw = raws.at(-1)!
    const error = new TailraceError(code).toJSON()
    raw.send('HelloReply', helloReplyOf(identityOfBroker(2, ''), '', error))
    await cluster.pass(20)
    expect(raw.closed).toBe(true)
    await cluster.pass(1020)
  }
  await refuse('CLUSTER_MISMATCH')
  await refuse('CLUSTER_MISMATCH')
  await refuse('INCOMPATIBLE_PEER')
  expect(raws).toHaveLength(4)
  expect(broker.log).toHaveLength(2)
})

test('a listener that never answers is given up after the time limit and dialled again', async () => {
  const { cluster, raws } = await dialling()
  await cluster.pass(4900)
  expect([raws.length, raws[0]!.closed]).toEqual([1, false])
  await cluster.pass(1200)
  expect([raws.length, raws[0]!.closed]).toEqual([2, true])
})

test('the identity of this broker is read anew for each connection', async () => {
  const { cluster, broker, raws } = await dialling()
  broker.identity = { ...broker.identity, clusterId: 'formed later' }
  raws[0]!.stream.destroy()
  await cluster.pass(200)
  expect(raws.map(({ frames }) => (frames[0]!.fields as Message<'Hello'>).clusterId)).toEqual(['c', 'formed later'])
})
