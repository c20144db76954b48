import { type EntryHeader, EntryKind, TailraceError, termStartBatch } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import type { RaftMessage } from '../../raft/messages.ts'
import { addressOf, identityOfBroker, PeerCluster, RawPeer, type TestBroker } from '../testing/peer-cluster.ts'
import { helloReplyOf } from './handshake/identity-frames.ts'

const join = [addressOf(1), addressOf(2), addressOf(3)]

async function three(seed = 1, maxChunkBytes = 65536) {
  const cluster = new PeerCluster(seed, maxChunkBytes)
  const brokers: TestBroker[] = []
  for (const id of [1, 2, 3]) brokers.push(await cluster.start(id, { join }))
  await cluster.pass(500)
  return { cluster, brokers: brokers as [TestBroker, TestBroker, TestBroker] }
}

function vote(from: number, to: number, lastIndex: number): RaftMessage {
  return { type: 'vote', from, to, term: 1, pre: false, transfer: false, lastIndex, lastTerm: 0 }
}

function append(from: number, to: number, index: number, payload: Uint8Array): RaftMessage {
  const entry: EntryHeader = {
    index,
    term: 1,
    kind: EntryKind.TermStart,
    baseOffset: 0,
    lastOffset: -1,
    bytes: payload.length,
  }
  return { type: 'append', from, to, term: 1, prevIndex: index - 1, prevTerm: 1, entries: [entry], commit: 0 }
}

const payload = termStartBatch({ term: 1, baseOffset: 0, timestamp: 0, leader: 1 })

test('each broker links to each other once, in any order of starts', async () => {
  const { brokers } = await three()
  expect(brokers.map(({ links }) => links.sort())).toEqual([
    ['+2', '+3'],
    ['+1', '+3'],
    ['+1', '+2'],
  ])
  for (const { peers, id } of brokers) {
    for (const other of [1, 2, 3]) expect(peers.connected(other)).toBe(other !== id)
    expect(peers.identity(id === 1 ? 2 : 1)).toEqual(brokers[id === 1 ? 1 : 0].identity)
  }
})

test('messages of all kinds arrive in the order in which they were sent, however the stream is cut', async () => {
  const { cluster, brokers } = await three(5, 7)
  const [one, two] = brokers
  for (let i = 1; i <= 200; i++) {
    if (i % 3 === 0) one.peers.sendRaft(4, append(1, 2, i, payload), [payload])
    else one.peers.sendRaft(4, vote(1, 2, i), [])
    if (i % 50 === 0) await cluster.pass(3)
  }
  await cluster.pass(50)
  const indexes = two.raft.map(({ message }) => {
    return message.type === 'append' ? message.entries[0]!.index : message.type === 'vote' ? message.lastIndex : 0
  })
  expect(indexes).toEqual(Array.from({ length: 200 }, (_, i) => i + 1))
  for (const { payloads } of two.raft) for (const bytes of payloads) expect(bytes).toEqual(payload)
})

test('heartbeats of one turn to one broker are one frame, and so are their replies', async () => {
  const { cluster, brokers } = await three()
  const [one, two, third] = brokers
  const before = one.peers.stats.framesSent
  for (let group = 0; group < 1000; group++) {
    one.peers.sendRaft(group, { type: 'heartbeat', from: 1, to: 2, term: 5, commit: group, sentAt: 7, round: 3 }, [])
    one.peers.sendRaft(
      group,
      {
        type: 'heartbeat-reply',
        from: 1,
        to: 2,
        term: 6,
        lastIndex: group,
        sentAt: 2 ** 40,
        admission: group,
        round: 4,
      },
      [],
    )
    one.peers.sendRaft(group, { type: 'heartbeat', from: 1, to: 3, term: 7, commit: group, sentAt: 7 }, [])
  }
  await cluster.pass(20)
  expect(one.peers.stats.framesSent - before).toBe(3)
  expect(two.raft).toHaveLength(2000)
  expect(two.raft[999]).toEqual({
    group: 999,
    message: {
      type: 'heartbeat',
      from: 1,
      to: 2,
      term: 5,
      commit: 999,
      sentAt: 7,
      sleep: false,
      acknowledged: 0,
      round: 3,
    },
    payloads: [],
  })
  expect(two.raft[1999]!.message).toEqual({
    type: 'heartbeat-reply',
    from: 1,
    to: 2,
    term: 6,
    lastIndex: 999,
    sentAt: 2 ** 40,
    asleep: false,
    admission: 999,
    round: 4,
  })
  expect(third.raft).toHaveLength(1000)
  one.peers.sendRaft(1, { type: 'heartbeat', from: 1, to: 2, term: 8, commit: 1, sentAt: 8 }, [])
  await cluster.pass(20)
  expect(two.raft).toHaveLength(2001)
})

test('messages about all groups are sent without an answer', async () => {
  const { cluster, brokers } = await three()
  const beat = { led: 3, ledDigest: 2 ** 32 - 1, followed: 2, followedDigest: 1, durable: 0 }
  brokers[0].peers.tell(2, 'NodeBeat', beat)
  brokers[0].peers.tell(2, 'WakeGroups', { groups: [5] })
  await cluster.pass(20)
  expect(brokers[1].notes).toEqual([
    { from: 1, name: 'NodeBeat', fields: beat },
    { from: 1, name: 'WakeGroups', fields: { groups: [5] } },
  ])
  expect(brokers[2].notes).toEqual([])
})

test('leaders are announced to all linked brokers', async () => {
  const { cluster, brokers } = await three()
  brokers[0].peers.announceLeaders([{ group: 5, term: 2 }])
  await cluster.pass(20)
  const heard = [{ from: 1, leaders: [{ group: 5, term: 2 }] }]
  expect(brokers.map(({ leaders }) => leaders)).toEqual([[], heard, heard])
})

test('a broken connection: down and up, once each, and both directions work again within the back-off', async () => {
  const { cluster, brokers } = await three()
  const [one, two, third] = brokers
  for (const { links } of brokers) links.length = 0
  cluster.network.reset('b1', 'b2')
  await cluster.pass(0)
  expect(one.peers.connected(2)).toBe(false)
  one.peers.sendRaft(1, vote(1, 2, 1), [])
  expect(one.peers.stats.raftDropped).toBe(1)
  await cluster.pass(150)
  expect([one.links, two.links, third.links]).toEqual([['-2', '+2'], ['-1', '+1'], []])
  one.peers.sendRaft(1, vote(1, 2, 2), [])
  two.peers.sendRaft(1, vote(2, 1, 3), [])
  await cluster.pass(20)
  expect([one.raft.length, two.raft.length]).toEqual([1, 1])
})

test('a broker that is killed and comes back is dialled at once, not after the back-off', async () => {
  const { cluster, brokers } = await three()
  const [one] = brokers
  cluster.network.kill('b3')
  // Its dead instance would continue to dial in this process.
  await brokers[2].peers.close()
  await cluster.pass(20_000)
  one.links.length = 0
  const failed = one.peers.stats.connectsFailed
  expect(failed).toBeGreaterThan(15)
  expect(failed).toBeLessThan(45)
  await cluster.start(3, { join, incarnation: 'second life' })
  await cluster.pass(60)
  expect(one.links).toEqual(['+3'])
  expect(one.peers.identity(3)?.incarnation).toBe('second life')
})

test('a cut link is noticed by silence, and comes back when it heals', async () => {
  const { cluster, brokers } = await three()
  const [one, two] = brokers
  for (const { links } of brokers) links.length = 0
  cluster.network.cut('b1', 'b2')
  cluster.network.cut('b2', 'b1')
  await cluster.pass(7000)
  expect(one.links).toEqual([])
  await cluster.pass(6000)
  expect([one.links, two.links]).toEqual([['-2'], ['-1']])
  await cluster.pass(30_000)
  cluster.network.heal('b1', 'b2')
  cluster.network.heal('b2', 'b1')
  await cluster.pass(2500)
  expect([one.links, two.links]).toEqual([
    ['-2', '+2'],
    ['-1', '+1'],
  ])
  expect(brokers[2].links).toEqual([])
})

test('an idle link stays up', async () => {
  const { cluster, brokers } = await three()
  await cluster.pass(120_000)
  for (const { links } of brokers) expect(links).toHaveLength(2)
})

test('a broker that restarted behind a cut is not taken for its former process', async () => {
  const { cluster, brokers } = await three()
  const [one] = brokers
  one.links.length = 0
  cluster.network.cut('b3', 'b1')
  cluster.network.kill('b3')
  await brokers[2].peers.close()
  await cluster.start(3, { join, incarnation: 'second life' })
  await cluster.pass(200)
  expect(one.links).toEqual([])
  cluster.network.heal('b3', 'b1')
  await cluster.pass(2000)
  expect(one.links).toEqual(['-3', '+3'])
  expect(one.peers.identity(3)?.incarnation).toBe('second life')
})

test('a broker outside the join list is dialled when it connects, and found again under a new address', async () => {
  const { cluster, brokers } = await three()
  const fourth = await cluster.start(4, { join: [addressOf(1)] })
  await cluster.pass(500)
  expect(brokers[0].links).toContain('+4')
  expect(fourth.links).toEqual(['+1'])
  cluster.network.kill('b4')
  await fourth.peers.close()
  await cluster.pass(5000)
  await cluster.start(4, { join: [addressOf(1)], listen: 'b4:7777', incarnation: 'moved' })
  await cluster.pass(200)
  expect(brokers[0].links.slice(-2)).toEqual(['-4', '+4'])
})

test('two addresses of one broker make one link; the second takes over when the first is gone', async () => {
  const cluster = new PeerCluster()
  const two = await cluster.start(2, { join: [] })
  const one = await cluster.start(1, { join: [addressOf(2), 'b2:7001'] })
  const alias: RawPeer[] = []
  await cluster.network.host('b2').listen('b2:7001', (stream) => alias.push(new RawPeer(stream)))
  await cluster.pass(1200)
  expect(one.links).toEqual(['+2'])
  const shake = (raw: RawPeer) => cluster.shakeHands(raw, two.identity)
  await shake(alias[0]!)
  expect(alias[0]!.closed).toBe(true)
  await cluster.pass(5000)
  expect([one.links, alias.length]).toEqual([['+2'], 1])
  await two.peers.close()
  await cluster.pass(100)
  expect([one.links, alias.length]).toEqual([['+2', '-2'], 2])
  await shake(alias[1]!)
  expect(one.links).toEqual(['+2', '-2', '+2'])
})

test('a broker can say which broker refuses it and why, until it is admitted', async () => {
  const cluster = new PeerCluster()
  const one = await cluster.start(1, { join: [] })
  one.admit = ({ brokerId }) => {
    throw new TailraceError('BROKER_IDENTITY_MISMATCH', `Broker ${brokerId} has lost its disk.`)
  }
  const two = await cluster.start(2, { join: [addressOf(1)] })
  expect(two.peers.refusal(addressOf(1))).toBeUndefined()
  await cluster.pass(100)
  expect(two.peers.refusal(addressOf(1))).toMatchObject({
    code: 'BROKER_IDENTITY_MISMATCH',
    message: expect.stringContaining('Broker 2 has lost its disk.'),
  })
  one.admit = () => {}
  await cluster.pass(3000)
  expect(two.links).toEqual(['+1'])
  expect(two.peers.refusal(addressOf(1))).toBeUndefined()
})

test('an address that leads back to this broker is given up silently', async () => {
  const cluster = new PeerCluster()
  const broker = await cluster.start(1, { join: [addressOf(1), 'b1:7001'] })
  broker.identity = { ...broker.identity, peer: 'elsewhere:1' }
  await cluster.network.host('b1').listen('b1:7001', (stream) => {
    const raw = new RawPeer(stream)
    const error = { code: 'BROKER_IDENTITY_MISMATCH', message: '', retriable: false, hint: '' }
    raw.send('HelloReply', helloReplyOf(broker.identity, '', error))
  })
  await cluster.pass(20_000)
  expect(broker.links).toEqual([])
  expect(broker.peers.stats.connectsFailed).toBeLessThan(3)
  expect(broker.log.filter((line) => line.includes('IDENTITY') || line.includes('another data'))).toEqual([])
})

test('a broker that does not read is dropped when its queue is full; memory is freed, order holds', async () => {
  const cluster = new PeerCluster()
  const raws: RawPeer[] = []
  const limits = { maxQueuedBytes: 1_000_000 }
  await cluster.network.host('b2').listen(addressOf(2), (stream) => raws.push(new RawPeer(stream)))
  const one = await cluster.start(1, { join: [addressOf(2)], limits })
  await cluster.pass(20)
  await cluster.shakeHands(raws[0]!, identityOfBroker(2, ''))
  expect(one.links).toEqual(['+2'])
  raws[0]!.stream.pause()
  const large = new Uint8Array(100_000)
  let largest = 0
  for (let i = 1; i <= 100; i++) {
    one.peers.sendRaft(1, append(1, 2, i, large), [large])
    largest = Math.max(largest, one.peers.queuedBytes(2))
    // No handler is called within the call that noticed it.
    expect(one.links).toEqual(['+2'])
  }
  expect(largest).toBeGreaterThan(1_000_000)
  expect(largest).toBeLessThan(1_200_000)
  expect([one.peers.connected(2), one.peers.queuedBytes(2), one.peers.stats.slowPeers]).toEqual([false, 0, 1])
  await cluster.pass(100)
  expect(one.links).toEqual(['+2', '-2'])
  expect(raws).toHaveLength(2)
})

test('close: no handler is called any more, the address is free, others see the link go down', async () => {
  const { cluster, brokers } = await three()
  const [one, two] = brokers
  const before = [...one.links]
  await one.peers.close()
  await cluster.pass(2000)
  expect(one.links).toEqual(before)
  expect(two.links.slice(-1)).toEqual(['-1'])
  await cluster.start(1, { join, incarnation: 'again' })
  await cluster.pass(200)
  expect(two.links.slice(-1)).toEqual(['+1'])
})
