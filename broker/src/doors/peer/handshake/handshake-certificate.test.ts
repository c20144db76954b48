import { describe, expect, test } from 'vitest'
import type { ByteStream, Network, PeerCertificate } from '../../../platform/network.ts'
import { addressOf, identityOfBroker, PeerCluster, RawPeer } from '../../testing/peer-cluster.ts'
import { helloOf, helloReplyOf, nobody } from './identity-frames.ts'

const me = identityOfBroker(9, '')
const refusal = {
  ...nobody,
  protocolJson: '',
  error: expect.objectContaining({ code: 'PEER_NOT_AUTHENTICATED', retriable: false }),
}

/** A network on which the other end of each connection has shown this certificate. */
function withCertificate(network: Network, names: readonly string[]): Network {
  const shown = { names, uris: [], subject: 'CN=x', issuer: 'CN=CA', fingerprint: '', validUntil: 0 }
  const shows = (stream: ByteStream): ByteStream =>
    Object.defineProperty(stream, 'certificate', { value: shown satisfies PeerCertificate })
  return {
    listen: (address, onStream) => network.listen(address, (stream) => onStream(shows(stream))),
    connect: async (address, timeoutMs) => shows(await network.connect(address, timeoutMs)),
  }
}

/** Broker 1, which dials a listener that is no broker, and a connection to it. */
async function started(names: readonly string[]) {
  const cluster = new PeerCluster()
  const raws: RawPeer[] = []
  await cluster.network.host('b2').listen(addressOf(2), (stream) => raws.push(new RawPeer(stream)))
  const network = withCertificate(cluster.network.host('b1'), names)
  const broker = await cluster.start(1, { join: [addressOf(2)], network })
  await cluster.pass(20)
  return { cluster, broker, dialled: raws[0]!, raw: await cluster.connectTo(broker) }
}

describe('with a certificate', () => {
  test('a broker is taken that it names, as one that has proved itself', async () => {
    const { cluster, broker, raw } = await started(['broker-9'])
    raw.send('Hello', helloOf(me))
    await cluster.pass(20)
    raw.send('HelloReply', helloReplyOf(me, '', null))
    await cluster.pass(20)
    expect(raw.names).toEqual(['Hello', 'HelloReply'])
    expect(broker.peers.identity(9)).toEqual({ ...me, proved: true })
  })

  test.each([[['broker-8']], [['alice']], [[]]])(
    'of %j no broker 9 is taken, and it learns only why',
    async (names) => {
      const { cluster, broker, raw } = await started(names)
      raw.send('Hello', helloOf(me))
      await cluster.pass(20)
      expect(raw.frames.map(({ fields }) => fields)).toEqual([refusal])
      expect(broker.peers.identity(9)).toBeUndefined()
      expect(broker.peers.stats.handshakesRefused).toBeGreaterThan(0)
    },
  )

  test('of a client, at an address that it dials, a broker does not say who it is', async () => {
    const { cluster, dialled, broker } = await started(['alice'])
    expect(dialled.frames.map(({ fields }) => fields)).toEqual([refusal])
    dialled.stream.destroy()
    await cluster.pass(20)
    expect(broker.log.join()).toContain('The certificate of CN=x is none of a broker.')
  })

  test('of a broker, it does', async () => {
    const { dialled } = await started(['broker-2'])
    expect(dialled.frames[0]!.fields).toMatchObject({ brokerId: 1 })
  })
})

test('a peer cannot say in its Hello that it has proved itself', async () => {
  const cluster = new PeerCluster()
  const broker = await cluster.start(1, { join: [] })
  const raw = await cluster.connectTo(broker)
  await cluster.shakeHands(raw, { ...me, proved: true })
  expect(broker.peers.identity(9)).toEqual(me)
})
