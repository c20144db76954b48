import { crc32c, type Message, type MessageName, MessageNumber, termStartBatch } from '@tailrace/schemas'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RawPeer } from '../../broker/src/doors/testing/peer-cluster.ts'
import type { PeerIdentity } from '../../broker/src/partition/peers.ts'
import { batchOf } from '../../broker/src/partition/testing/batches.ts'
import { sampleMessages } from '../../schemas/src/testing/sample-messages.ts'
import { stranger, type WholeBroker, WholeBrokers } from './whole-brokers.ts'

/** All messages but the request by which a broker without a cluster asks to be admitted: joining.test.ts has it. */
const names = (Object.keys(MessageNumber) as MessageName[]).filter((name) => name !== 'Join')
const numbers = [-1, 0, 1, 2 ** 31 - 1, -(2 ** 31), Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER]
const texts = ['', 'null', '{}', '[]', '{"groups":5}', '../../etc/passwd', 'x'.repeat(5000)]
const bodies = [new Uint8Array(0), new Uint8Array(61), batchOf(['a']), controlBatch()]

let cluster: WholeBrokers

/** A control batch with the right checksum that names a compression. */
function controlBatch(): Uint8Array {
  const batch = termStartBatch({ term: 1, baseOffset: 0, timestamp: 5, leader: 1 })
  const view = new DataView(batch.buffer, batch.byteOffset)
  view.setInt16(21, view.getInt16(21) | 7)
  view.setUint32(17, crc32c(batch, 21, batch.length))
  return batch
}

/** The message, again and again with one of its values replaced by each that is odd. */
function* oddOnes(value: unknown): Iterable<unknown> {
  if (typeof value === 'number') yield* numbers
  else if (typeof value === 'string') yield* texts
  else if (Array.isArray(value)) {
    yield []
    for (const odd of oddOnes(value[0])) yield [odd]
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, field] of Object.entries(value)) for (const odd of oddOnes(field)) yield { ...value, [key]: odd }
  }
}

/** Such messages of one name as the protocol can carry, about a group that this broker has. */
function oddMessages<Name extends MessageName>(name: Name): Message<Name>[] {
  const sample = JSON.parse(JSON.stringify(sampleMessages[name]).replaceAll('"group":7', '"group":1')) as object
  return [sample, ...oddOnes(sample)] as Message<Name>[]
}

/** Sends it, or nothing where the protocol cannot carry it. */
function trySend<Name extends MessageName>(raw: RawPeer, name: Name, fields: Message<Name>, body: Uint8Array): void {
  try {
    raw.send(name, fields, body.length === 0 ? [] : [body])
  } catch (error) {
    expect(error).toMatchObject({ code: 'INVALID_REQUEST' })
  }
}

async function flood(identity: PeerIdentity, to: WholeBroker, name: MessageName): Promise<number> {
  let raw = await cluster.connectAs(identity, to.id)
  let connections = 1
  for (const [at, fields] of oddMessages(name).entries()) {
    if (raw.closed) {
      raw = await cluster.connectAs(identity, to.id)
      connections++
    }
    trySend(raw, name, fields, bodies[at % bodies.length]!)
    // An error of a handler is thrown here.
    await cluster.pass(4)
  }
  return connections
}

function stateOf({ groups, node }: WholeBroker): unknown {
  const seen = [...groups.all()].map(({ id, term, leader, configuration }) => ({ id, term, leader, configuration }))
  return { seen, routing: node.api.routing(['bank']).topics, topics: node.api.listTopics() }
}

async function publish(broker: WholeBroker, partition: number): Promise<number> {
  const sent = broker.node.api.publish('bank', partition, batchOf(['x']), { timeoutMs: 5000, wait: true })
  return (await cluster.during(sent)).baseOffset
}

beforeAll(async () => {
  cluster = await WholeBrokers.of(3)
  await cluster.during(cluster.broker(1).node.api.createTopic({ name: 'bank', partitions: 2, replicas: 3 }))
})

afterAll(() => cluster.close())

describe.each(['in no cluster', 'in this cluster, as it claims'])('a broker that is %s', (kind) => {
  const identity = () => stranger(cluster, 77, kind !== 'in no cluster')

  test.each(names)('changes nothing with %s, with any content', async (name) => {
    const before = cluster.brokers.map(stateOf)
    await flood(identity(), cluster.broker(1), name)
    expect(cluster.brokers.map(stateOf)).toEqual(before)
  })

  test('is not counted among the brokers, and the cluster works as before', async () => {
    expect(await publish(cluster.broker(1), 0)).toBeGreaterThanOrEqual(0)
    for (const { peers, node } of cluster.brokers) {
      expect(peers.stats.handlerFaults).toBe(0)
      expect((await node.api.describeCluster()).brokers.map(({ id }) => id)).toEqual([1, 2, 3])
    }
  })
})

test('a stranger that all brokers dial, and that announces leaderships, is sent nothing', async () => {
  const identity = stranger(cluster, 78)
  const dialled = await cluster.impostor(identity, 'x78')
  const raws: RawPeer[] = []
  for (const { id } of cluster.brokers) raws.push(await cluster.connectAs(identity, id))
  await cluster.until(() => dialled.length >= 3)
  await cluster.pass(2000)
  const unheard = cluster.broker(1).peers.stats.unheard
  for (const raw of raws) {
    raw.send('Leaders', { leaders: [0, 1, 2, 3].map((group) => ({ group, term: 2 ** 31 - 1 })) })
    raw.send('Leaders', { leaders: [0, 1, 2, 3].map((group) => ({ group, term: 50 })) })
    raw.send('Vote', { group: 0, term: 50, pre: false, transfer: true, lastIndex: 1000, lastTerm: 40 })
  }
  await cluster.pass(2000)
  for (const broker of cluster.brokers) {
    expect(broker.node.api.routing(['bank']).topics[0]!.partitions.map(({ leader }) => leader)).not.toContain(78)
    expect(await publish(broker, 0)).toBeGreaterThanOrEqual(0)
  }
  expect(cluster.broker(1).peers.stats.unheard).toBe(unheard + 9)
  expect(dialled.flatMap((raw) => raw.names).filter((name) => name === 'Publish')).toEqual([])
})

describe('in the name of a broker that is a member', () => {
  test.each(names)('%s, with any content, ends no process and stops no other partition', async (name) => {
    const own = await WholeBrokers.of(3)
    const before = cluster
    cluster = own
    await own.during(own.broker(1).node.api.createTopic({ name: 'bank', partitions: 2, replicas: 3 }))
    await flood(own.identity(2), own.broker(1), name)
    expect(own.broker(1).peers.stats.handlerFaults).toBe(0)
    await own.pass(20_000)
    for (const { groups } of own.brokers) for (const { term } of groups.all()) expect(term).toBeLessThan(3 * 2 ** 20)
    await publish(own.broker(2), 1)
    cluster = before
    await own.close()
  })
})
