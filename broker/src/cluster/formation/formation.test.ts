import type { Message } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { asked } from '../testing/asked.ts'
import { BrokerData, failing, TestCluster } from '../testing/test-cluster.ts'

const ids = [1, 2, 3]

async function formationOn({ disk }: BrokerData): Promise<unknown> {
  const file = await disk.open('data/identity.json')
  const bytes = new Uint8Array(await file.size())
  await file.read(bytes, 0)
  return JSON.parse(new TextDecoder().decode(bytes)).formation
}

test('three fresh brokers form one cluster and become ready', async () => {
  const cluster = await TestCluster.of(3)
  const identities = ids.map((id) => cluster.broker(id).node.identity())
  expect(new Set(identities.map(({ clusterId }) => clusterId)).size).toBe(1)
  expect(identities[0]!.clusterId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  for (const id of ids) {
    const broker = cluster.broker(id)
    expect(broker.node.api.readiness()).toEqual({ ready: true, reason: '' })
    expect(broker.groups.opened[0]).toMatchObject({ group: 0, voters: [1, 2, 3], preferred: id === 1 })
    expect(await formationOn(broker.data)).toMatchObject({ voters: [{ id: 1 }, { id: 2 }, { id: 3 }] })
  }
})

test('the first founder asks for votes when the others can give them, or after half a second', async () => {
  for (const [heldMs, openedMs] of [
    [200, 200],
    [2000, 510],
  ] as const) {
    const cluster = new TestCluster()
    for (const id of ids) await cluster.start(id, ids)
    const { groups } = cluster.broker(2)
    const open = groups.open.bind(groups)
    groups.open = async (spec) => {
      await new Promise<void>((resolve) => cluster.clock.after(heldMs, resolve))
      return open(spec)
    }
    cluster.linkAll()
    await cluster.clock.advance(openedMs - 20)
    expect(cluster.broker(3).groups.opened).toHaveLength(1)
    expect(cluster.broker(1).groups.opened).toEqual([])
    await cluster.clock.advance(40)
    expect(cluster.broker(1).groups.opened[0]).toMatchObject({ group: 0, preferred: true })
  }
})

test('a broker alone is a cluster at once', async () => {
  const cluster = new TestCluster()
  const broker = await cluster.start(7, [7])
  await cluster.clock.advance(1000)
  expect(broker.node.api.readiness().ready).toBe(true)
})

test('nothing forms before the last one is there; then all do', async () => {
  const cluster = new TestCluster()
  await cluster.start(1, ids)
  await cluster.start(2, ids)
  cluster.linkAll()
  await cluster.clock.advance(60_000)
  expect(cluster.broker(1).groups.opened).toEqual([])
  expect(cluster.broker(1).node.api.readiness().reason).toContain('peer-3:7080')
  await cluster.start(3, ids)
  cluster.linkAll()
  await cluster.clock.advance(2000)
  for (const id of ids) expect(cluster.broker(id).node.api.readiness().ready).toBe(true)
})

test('restarted brokers are members without seeing all the others, and none campaigns out of turn', async () => {
  const cluster = await TestCluster.of(3)
  const { clusterId } = cluster.broker(1).node.identity()
  const data = ids.map((id) => cluster.broker(id).data)
  for (const id of ids) await cluster.kill(cluster.broker(id))
  await cluster.start(1, ids, data[0])
  await cluster.start(2, ids, data[1])
  cluster.linkAll()
  await cluster.clock.advance(3000)
  const broker = cluster.broker(1)
  expect(broker.node.identity()).toMatchObject({ clusterId, formed: true })
  expect(broker.groups.opened.every(({ preferred }) => !preferred)).toBe(true)
  expect(broker.node.api.readiness().ready).toBe(true)
})

test('a broker with a wiped disk is refused, and never opens the metadata group', async () => {
  const cluster = await TestCluster.of(3)
  await cluster.kill(cluster.broker(3))
  const wiped = await cluster.start(3, ids, new BrokerData())
  cluster.linkAll()
  await cluster.clock.advance(10_000)
  expect(cluster.refusals.map(({ code }) => code)).toEqual(['BROKER_IDENTITY_MISMATCH', 'BROKER_IDENTITY_MISMATCH'])
  expect(wiped.groups.opened).toEqual([])
  const { ready, reason } = wiped.node.api.readiness()
  expect(ready).toBe(false)
  expect(reason).toContain('Refused by peer-1:7080, peer-2:7080 with BROKER_IDENTITY_MISMATCH')
  expect(reason).toContain('start this broker with a new --id')
  expect(reason).toContain('it must never vote as the old one')
})

test('a record that names this broker with another data directory is not taken', async () => {
  const cluster = await TestCluster.of(3)
  const record = (await formationOn(cluster.broker(1).data)) as Message<'Formation'>['record']
  await cluster.kill(cluster.broker(3))
  const wiped = await cluster.start(3, ids, new BrokerData())
  const offer = (voters: typeof record.voters, version = 1) =>
    asked(cluster, 1, 3, 'Formation', { record: { ...record, voters, version } })
  await expect(offer(record.voters)).rejects.toMatchObject({ code: 'BROKER_IDENTITY_MISMATCH' })
  // Made to fit, it no longer matches the id of its cluster.
  const { directoryId } = wiped.node.identity()
  const forged = record.voters.map((voter) => (voter.id === 3 ? { ...voter, directoryId } : voter))
  await expect(offer(forged)).rejects.toMatchObject({ code: 'CLUSTER_MISMATCH' })
  await expect(offer([])).rejects.toMatchObject({ code: 'CLUSTER_MISMATCH' })
  await expect(offer(record.voters, 2)).rejects.toMatchObject({ code: 'NEWER_FORMAT' })
  expect(await formationOn(wiped.data)).toBeNull()
})

test('a broker that has lost the race to its disk gets the record from brokers that have it', async () => {
  const cluster = new TestCluster()
  const data = ids.map(() => new BrokerData())
  for (const id of ids) await cluster.start(id, ids, data[id - 1])
  data[2]!.disk.onOperation = failing('rename')
  cluster.linkAll()
  await cluster.clock.advance(500)
  const directoryId = cluster.broker(3).node.identity().directoryId
  await cluster.kill(cluster.broker(3))
  expect(await formationOn(data[2]!)).toBeNull()
  await cluster.kill(cluster.broker(2))
  // Broker 3 meets broker 1 only, which is formed.
  const third = await cluster.start(3, ids, data[2])
  cluster.linkAll()
  await cluster.clock.advance(3000)
  expect(third.node.identity()).toMatchObject({ formed: true, directoryId })
  expect(await formationOn(data[2]!)).toEqual(await formationOn(data[0]!))
  expect(third.node.api.readiness().ready).toBe(true)
})

test('a crash after the record is durable and before the group is open changes nothing', async () => {
  const cluster = new TestCluster()
  const data = ids.map(() => new BrokerData())
  for (const id of ids) await cluster.start(id, ids, data[id - 1])
  // It never gets to open the group: all work of this turn ends with the process.
  const first = cluster.broker(1)
  first.groups.open = () => new Promise(() => {})
  cluster.linkAll()
  await cluster.clock.advance(200)
  await cluster.kill(first)
  const again = await cluster.start(1, ids, data[0])
  cluster.linkAll()
  await cluster.clock.advance(3000)
  expect(again.groups.opened[0]).toMatchObject({ group: 0, preferred: false })
  for (const id of ids) expect(cluster.broker(id).node.api.readiness().ready).toBe(true)
})

test('the group is never opened before the record is durable', async () => {
  const cluster = new TestCluster()
  const data = new BrokerData()
  const broker = await cluster.start(1, [1], data)
  expect(broker.node.identity().formed).toBe(false)
  data.disk.onOperation = failing('syncFolder')
  await cluster.clock.advance(5000)
  expect(broker.groups.opened).toEqual([])
  data.disk.onOperation = null
  await cluster.clock.advance(2000)
  expect(broker.groups.opened).toHaveLength(1)
})

test('another --id on the same directory is refused with a hint', async () => {
  const cluster = await TestCluster.of(1)
  const { data } = cluster.broker(1)
  await cluster.kill(cluster.broker(1))
  await expect(cluster.start(2, [2], data)).rejects.toMatchObject({
    code: 'BROKER_IDENTITY_MISMATCH',
    message: expect.stringContaining('--id 1'),
  })
})

test('two brokers with the same id do not form a cluster', async () => {
  const cluster = new TestCluster()
  await cluster.start(1, [1, 2, 3])
  await cluster.start(2, [1, 2, 3])
  await cluster.start(2, [1, 2, 3], new BrokerData(), '3')
  cluster.linkAll()
  await cluster.clock.advance(5000)
  expect(cluster.refusals.map(({ code }) => code)).toContain('BROKER_IDENTITY_MISMATCH')
  for (const broker of cluster.brokers.values()) expect(broker.groups.opened).toEqual([])
})

test('brokers of different clusters refuse each other', async () => {
  const cluster = new TestCluster()
  await cluster.start(1, [1])
  await cluster.start(2, [2])
  await cluster.clock.advance(1000)
  cluster.linkAll()
  expect(cluster.refusals.map(({ code }) => code)).toEqual(['CLUSTER_MISMATCH'])
})

test('Raft messages are heard from members of this cluster only', async () => {
  const cluster = await TestCluster.of(3)
  const [one, two] = [cluster.broker(1), cluster.broker(2)]
  const vote = { type: 'vote-reply', from: 2, to: 1, term: 9, pre: false, granted: true } as const
  one.hear(0, vote)
  one.hear(0, { ...vote, from: 9 })
  expect(one.groups.received).toEqual([[0, vote, []]])
  cluster.cut(one, two)
  one.hear(0, vote)
  expect(one.groups.received).toHaveLength(1)
})

test('an identity file that cannot be read stops the start, and a missing one beside data too', async () => {
  const cluster = await TestCluster.of(1)
  const { data } = cluster.broker(1)
  await cluster.broker(1).node.close()
  const file = await data.disk.open('data/identity.json')
  await file.write([new TextEncoder().encode('{"format":1')], 0)
  await expect(cluster.start(1, [1], data)).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' })
  await data.disk.remove('data/identity.json')
  for (let start = 0; start < 3; start++) {
    await expect(cluster.start(1, [1], data)).rejects.toMatchObject({
      code: 'STORAGE_CORRUPT',
      message: expect.stringMatching(/data\/identity\.json: it is missing.*start a broker with a new id/),
    })
  }
})
