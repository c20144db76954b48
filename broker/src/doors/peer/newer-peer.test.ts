import { encodeFrame, MessageNumber, peerRequestNames, TailraceError } from '@tailrace/schemas'
import { protocolJson } from '@tailrace/schemas/foreign-protocol'
import { expect, test } from 'vitest'
import { NewerProtocol } from '../../../../schemas/src/testing/newer-protocol.ts'
import { sampleMessages } from '../../../../schemas/src/testing/sample-messages.ts'
import { addressOf, identityOfBroker, PeerCluster, type RawPeer } from '../testing/peer-cluster.ts'
import { helloOf, helloReplyOf } from './handshake/identity-frames.ts'

const REQUEST = 900
const SHOUT = 902

/** A protocol with a request and a message without answer that this version does not know. */
function newerProtocol(): string {
  const protocol = JSON.parse(protocolJson)
  const fields = [{ name: 'correlation', type: 'long' }]
  const add = (number: number, name: string) =>
    protocol.messages.push({ number, schema: { type: 'record', name, namespace: 'tailrace', fields } })
  add(REQUEST, 'Juggle')
  add(901, 'JuggleReply')
  add(SHOUT, 'Shout')
  return JSON.stringify(protocol)
}

/** A frame of that number whose header is a correlation. */
function numbered(number: number, correlation: number): Uint8Array {
  const [frame] = encodeFrame('InitProducer', { correlation })
  new DataView(frame!.buffer, frame!.byteOffset).setUint16(6, number)
  return frame!
}

async function newerPeer(protocol = newerProtocol()) {
  const cluster = new PeerCluster()
  const broker = await cluster.start(1, { join: [] })
  const raw: RawPeer = await cluster.connectTo(broker)
  const me = identityOfBroker(9, '')
  raw.send('Hello', { ...helloOf(me), schemas: 'newer' })
  await cluster.pass(20)
  raw.send('HelloReply', helloReplyOf(me, protocol, null))
  await cluster.pass(20)
  raw.frames.length = 0
  return { cluster, broker, raw }
}

test('a request that only a newer broker knows is answered with a Failure, and the connection goes on', async () => {
  const { cluster, broker, raw } = await newerPeer()
  raw.stream.write([numbered(REQUEST, 2 ** 40)])
  await cluster.pass(20)
  expect(raw.closed).toBe(false)
  expect(raw.frames).toMatchObject([
    { name: 'Failure', fields: { correlation: 2 ** 40, error: { code: 'UNSUPPORTED_MESSAGE' } } },
  ])
  expect(broker.peers.stats).toMatchObject({ unknownMessages: 1, malformed: 0 })
})

test('a broker of which the schemas are half as large again is heard', async () => {
  const protocol = JSON.parse(newerProtocol())
  protocol.messages[0].schema.doc = 'x'.repeat(protocolJson.length / 2)
  const { cluster, raw } = await newerPeer(JSON.stringify(protocol))
  raw.stream.write([numbered(REQUEST, 3)])
  await cluster.pass(20)
  expect([raw.closed, raw.frames.map(({ name }) => name)]).toEqual([false, ['Failure']])
})

test('requests in which every record has a field more are heard as this version knows them, and answered', async () => {
  const names = [...peerRequestNames]
  const protocol = new NewerProtocol(names)
  const { cluster, broker, raw } = await newerPeer(protocol.json)
  const heard: unknown[] = []
  broker.answer = async (_from, name, fields) => {
    heard.push([name, fields])
    throw new TailraceError('NOT_LEADER')
  }
  for (const name of names) raw.stream.write([protocol.frame(name, sampleMessages[name])])
  await cluster.pass(20)
  expect(heard).toEqual(names.map((name) => [name, sampleMessages[name]]))
  expect(raw.frames.map(({ name }) => name)).toEqual(names.map(() => 'Failure'))
  expect(broker.peers.stats).toMatchObject({ malformed: 0, handlerFaults: 0 })
})

test('a message without answer that only a newer broker knows is ignored; the messages behind it are handled', async () => {
  const { cluster, broker, raw } = await newerPeer()
  const [vote] = encodeFrame('VoteReply', { group: 3, term: 4, pre: true, granted: true })
  raw.stream.write([numbered(SHOUT, 1), vote!])
  await cluster.pass(20)
  expect(raw.closed).toBe(false)
  expect(raw.frames).toEqual([])
  expect(broker.raft).toHaveLength(1)
})

test('between equal protocols an unknown number is garbage', async () => {
  const cluster = new PeerCluster()
  const broker = await cluster.start(1, { join: [] })
  const raw = await cluster.connectTo(broker)
  await cluster.shakeHands(raw, identityOfBroker(9, ''))
  expect(Object.values(MessageNumber)).not.toContain(SHOUT)
  raw.stream.write([numbered(SHOUT, 1)])
  await cluster.pass(20)
  expect(raw.closed).toBe(true)
})

test('an answer that is longer than a frame may be becomes a Failure, and the connection goes on', async () => {
  const cluster = new PeerCluster()
  const join = [addressOf(1), addressOf(2)]
  const limits = { maxFrameBytes: 100_000 }
  const one = await cluster.start(1, { join, limits })
  const two = await cluster.start(2, { join, limits })
  await cluster.pass(300)
  two.answer = async () => ({ fields: { state: 'running', reason: '' } as never, body: [new Uint8Array(100_000)] })
  const asked = one.peers.request(2, 'DriveChange', { group: 7, change: 1 }, [], 1000)
  const refused = expect(asked).rejects.toMatchObject({ code: 'FRAME_TOO_LARGE' })
  await cluster.pass(30)
  await refused
  expect(one.links).toEqual(['+2'])
})
