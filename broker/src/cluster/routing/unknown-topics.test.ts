import { BatchWriter, METADATA_GROUP } from '@tailrace/schemas'
import { beforeEach, describe, expect, test } from 'vitest'
import type { TestBroker } from '../testing/test-cluster.ts'
import { TestCluster } from '../testing/test-cluster.ts'

let cluster: TestCluster
let broker: TestBroker

function batch(): Uint8Array {
  const writer = new BatchWriter()
  writer.append({ timestamp: 0, key: null, value: 'a' })
  return writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 })
}

const topic = 'elsewhere'
const request = { offset: 0, maxBytes: 1000, waitMs: 0 }
const position = { kind: 'LATEST', value: 0 } as const
/** Everything that names a topic. */
const doors: Record<string, (broker: TestBroker) => unknown> = {
  publish: ({ node }) => node.api.publish(topic, 0, batch(), { timeoutMs: 100, wait: false }),
  'publish, waiting': ({ node }) => node.api.publish(topic, 0, batch(), { timeoutMs: 100, wait: true }),
  fetch: ({ node }) => node.api.fetch(topic, 0, request),
  'fetch from the replica here': ({ node }) => node.api.fetch(topic, 0, { ...request, replica: true }),
  'find an offset': ({ node }) => node.api.findOffset(topic, 0, position),
  describe: ({ node }) => node.api.describeTopic(topic),
  route: ({ node }) => node.api.routing([topic]),
  alter: ({ node }) => node.admin.alterTopic(topic, { readOnly: true }),
  'Publish of a peer': ({ node }) =>
    node.handlers.request(2, 'Publish', { correlation: 1, topic, partition: 0, timeoutMs: 100 }, batch()),
  'Fetch of a peer': ({ node }) =>
    node.handlers.request(2, 'Fetch', { correlation: 1, topic, partition: 0, ...request }, new Uint8Array()),
  'FindOffset of a peer': ({ node }) =>
    node.handlers.request(2, 'FindOffset', { correlation: 1, topic, partition: 0, position }, new Uint8Array()),
}

async function codeOf(ask: (broker: TestBroker) => unknown): Promise<string> {
  const answer = (async () => ask(broker))().then(
    () => 'answered',
    (error) => `${error.code}${error.retriable ? ', retriable' : ''}`,
  )
  await cluster.clock.advance(4000)
  return answer
}

beforeEach(async () => {
  cluster = await TestCluster.of(3)
  broker = cluster.broker(1)
})

describe.each(Object.entries(doors))('%s, of a topic that is not known here', (name, ask) => {
  test('is refused finally by a broker that has caught up with the metadata', async () => {
    expect(await codeOf(ask)).toBe(name === 'route' ? 'answered' : 'UNKNOWN_TOPIC')
  })

  test('is not ready at a broker that does not receive the decisions of others', async () => {
    for (const other of [2, 3]) cluster.cut(broker, cluster.broker(other))
    cluster.world.isolated.add(1)
    cluster.world.elect(METADATA_GROUP, 0)
    await cluster.clock.advance(100)
    expect(await codeOf(ask)).toBe('NOT_READY, retriable')
  })
})

test('a broker that has not caught up lists no topics, since they would be taken for all', async () => {
  broker.node.handlers.link(2, true)
  const restarted = await cluster.start(4, [1, 2, 3])
  expect(() => restarted.node.api.listTopics()).toThrow(expect.objectContaining({ code: 'NOT_READY', retriable: true }))
  expect(() => restarted.node.api.routing([topic])).toThrow(expect.objectContaining({ code: 'NOT_READY' }))
  expect(restarted.node.api.routing([]).topics).toEqual([])
})
