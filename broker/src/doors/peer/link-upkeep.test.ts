import { expect, test } from 'vitest'
import { addressOf, identityOfBroker, PeerCluster, RawPeer } from '../testing/peer-cluster.ts'

/** Broker 1, which dials an address where this test plays broker 2. */
async function dialling() {
  const cluster = new PeerCluster()
  const raws: RawPeer[] = []
  await cluster.network.host('b2').listen(addressOf(2), (stream) => raws.push(new RawPeer(stream)))
  const broker = await cluster.start(1, { join: [addressOf(2)] })
  await cluster.pass(20)
  return { cluster, broker, raws }
}

const second = identityOfBroker(2, addressOf(2))

test('a link that lasted is dialled again at once; one that is lost right away is dialled ever more slowly', async () => {
  const { cluster, broker, raws } = await dialling()
  for (let attempt = 0; attempt < 8; attempt++) {
    await cluster.shakeHands(raws.at(-1)!, second)
    raws.at(-1)!.stream.destroy()
    await cluster.pass(1020)
  }
  expect(raws).toHaveLength(9)
  await cluster.shakeHands(raws.at(-1)!, second)
  raws.at(-1)!.stream.destroy()
  await cluster.pass(300)
  expect(raws).toHaveLength(9)
  await cluster.pass(800)
  await cluster.shakeHands(raws.at(-1)!, second)
  await cluster.pass(1500)
  raws.at(-1)!.stream.destroy()
  await cluster.pass(80)
  expect(raws).toHaveLength(11)
  const changes = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? '+2' : '-2'))
  expect(broker.links).toEqual(changes)
})

test('a broker that says Hello in a new life: the link to its former process is given up, even without another sign', async () => {
  const { cluster, broker, raws } = await dialling()
  await cluster.shakeHands(raws[0]!, second)
  const incoming = await cluster.connectTo(broker)
  await cluster.shakeHands(incoming, second)
  expect([broker.links, raws.length]).toEqual([['+2'], 1])
  const reborn = { ...second, incarnation: 'second life' }
  await cluster.shakeHands(await cluster.connectTo(broker), reborn)
  await cluster.pass(100)
  expect([broker.links, raws.length]).toEqual([['+2', '-2'], 2])
  await cluster.shakeHands(raws[1]!, reborn)
  expect(broker.links).toEqual(['+2', '-2', '+2'])
})

test('a second connection of a broker takes the place of its first', async () => {
  const { cluster, broker } = await dialling()
  const first = await cluster.connectTo(broker)
  await cluster.shakeHands(first, second)
  const later = await cluster.connectTo(broker)
  await cluster.shakeHands(later, second)
  expect([first.closed, later.closed]).toEqual([true, false])
  later.send('VoteReply', { group: 1, term: 1, pre: false, granted: true })
  await cluster.pass(20)
  expect(broker.raft).toHaveLength(1)
})

test('a known broker that sends nothing at all, not even probes, is dropped', async () => {
  const { cluster, broker } = await dialling()
  const silent = await cluster.connectTo(broker)
  await cluster.shakeHands(silent, second)
  const probing = await cluster.connectTo(broker)
  await cluster.shakeHands(probing, identityOfBroker(3, addressOf(3)))
  const closedAfter: boolean[] = []
  for (let second = 1; second <= 30; second++) {
    probing.send('Heartbeats', { beats: [] })
    await cluster.pass(1000)
    closedAfter.push(silent.closed)
  }
  expect([closedAfter[14], closedAfter[22]]).toEqual([false, true])
  expect([silent.closed, probing.closed]).toEqual([true, false])
  expect(probing.names.every((name) => name === 'HeartbeatReplies')).toBe(true)
  expect(broker.raft).toEqual([])
})

test('a broker that joined later is dialled when it is named, before the start or after; one that was removed no longer', async () => {
  const cluster = new PeerCluster()
  const raws: RawPeer[] = []
  await cluster.network.host('b2').listen(addressOf(2), (stream) => raws.push(new RawPeer(stream)))
  const broker = await cluster.start(1, { join: [] })
  broker.peers.dial(addressOf(1))
  broker.peers.dial(addressOf(2))
  broker.peers.dial(addressOf(2))
  await cluster.pass(20)
  expect(raws).toHaveLength(1)
  await cluster.shakeHands(raws[0]!, second)
  await cluster.shakeHands(await cluster.connectTo(broker), second)
  expect(broker.links).toEqual(['+2'])
  broker.peers.hangUp(2)
  await cluster.pass(5000)
  expect([broker.links, raws.length, raws[0]!.closed]).toEqual([['+2', '-2'], 1, true])
  expect(broker.peers.connected(2)).toBe(false)
  broker.peers.dial(addressOf(2))
  await cluster.pass(20)
  expect(raws).toHaveLength(2)
})

test('one that is removed while it cannot be reached is not dialled any more either', async () => {
  const { cluster, broker, raws } = await dialling()
  await cluster.shakeHands(raws[0]!, second)
  raws[0]!.stream.destroy()
  broker.peers.hangUp(2)
  await cluster.pass(100)
  broker.peers.hangUp(2)
  const { length } = raws
  await cluster.pass(10_000)
  expect(raws).toHaveLength(length)
})

test('one that is removed before it answered is not dialled any more, which leaves room for another; an address that has not answered yet is dialled', async () => {
  const cluster = new PeerCluster()
  const raws: RawPeer[] = []
  await cluster.network.host('b2').listen(addressOf(2), (stream) => raws.push(new RawPeer(stream)))
  const broker = await cluster.start(1, { join: [addressOf(3)], limits: { maxLearntAddresses: 1 } })
  await cluster.shakeHands(await cluster.connectTo(broker), second)
  expect(raws).toHaveLength(1)
  broker.peers.hangUp(2)
  await cluster.pass(10_000)
  expect([raws.length, raws[0]!.closed, broker.links]).toEqual([1, true, []])
  const others: RawPeer[] = []
  await cluster.network.host('b3').listen(addressOf(3), (stream) => others.push(new RawPeer(stream)))
  await cluster.pass(2000)
  expect(others).toHaveLength(1)
  const learnt: RawPeer[] = []
  await cluster.network.host('b4').listen(addressOf(4), (stream) => learnt.push(new RawPeer(stream)))
  await cluster.shakeHands(await cluster.connectTo(broker), identityOfBroker(4, addressOf(4)))
  expect(learnt).toHaveLength(1)
})

test('one that is removed is dialled under none of its addresses, nor when another link is lost', async () => {
  const { cluster, broker, raws } = await dialling()
  const elsewhere: RawPeer[] = []
  await cluster.network.host('b2').listen('b2:7001', (stream) => elsewhere.push(new RawPeer(stream)))
  const others: RawPeer[] = []
  await cluster.network.host('b3').listen(addressOf(3), (stream) => others.push(new RawPeer(stream)))
  await cluster.shakeHands(raws[0]!, second)
  for (const address of ['b2:7001', addressOf(3)]) broker.peers.dial(address)
  await cluster.pass(20)
  await cluster.shakeHands(elsewhere[0]!, second)
  await cluster.shakeHands(others[0]!, identityOfBroker(3, addressOf(3)))
  broker.peers.hangUp(2)
  others[0]!.stream.destroy()
  await cluster.pass(10_000)
  expect(broker.links).toEqual(['+2', '+3', '-2', '-3'])
  expect([raws.length, elsewhere.length]).toEqual([1, 1])
  expect(others.length).toBeGreaterThan(1)
})

test('one that moves before it answered is dialled at its new address alone, and takes no second place among the learnt', async () => {
  const cluster = new PeerCluster()
  const listen = async (id: number, address: string): Promise<RawPeer[]> => {
    const raws: RawPeer[] = []
    await cluster.network.host(`b${id}`).listen(address, (stream) => raws.push(new RawPeer(stream)))
    return raws
  }
  const former = await listen(2, addressOf(2))
  const moved = await listen(2, 'b2:7001')
  const fourth = await listen(4, addressOf(4))
  const broker = await cluster.start(1, { join: [], limits: { maxLearntAddresses: 1 } })
  await cluster.shakeHands(await cluster.connectTo(broker), second)
  expect([former.length, moved.length]).toEqual([1, 0])
  await cluster.shakeHands(await cluster.connectTo(broker), { ...second, peer: 'b2:7001' })
  expect([former.length, moved.length, former[0]!.closed]).toEqual([1, 1, true])
  await cluster.shakeHands(await cluster.connectTo(broker), identityOfBroker(4, addressOf(4)))
  await cluster.pass(15_000)
  expect([former.length, fourth.length]).toEqual([1, 0])
  expect(moved.length).toBeGreaterThan(1)
})
