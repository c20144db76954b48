import { BatchWriter, type TailraceError } from '@tailrace/schemas'
import { beforeEach, expect, test } from 'vitest'
import type { TestBroker } from '../testing/test-cluster.ts'
import { TestCluster } from '../testing/test-cluster.ts'

let cluster: TestCluster
let former: string
let present: string
const topic = { name: 't', partitions: 1, replicas: 3 }
const read = { offset: 0, maxBytes: 1 << 20, waitMs: 0 }

function batch(): Uint8Array {
  const writer = new BatchWriter()
  writer.append({ timestamp: 0, key: null, value: 'x' })
  return writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 })
}

async function run<Result>(work: Promise<Result>, ms = 3000): Promise<Result> {
  // The request may be refused before the time has passed.
  work.catch(() => {})
  await cluster.clock.advance(ms)
  return work
}
/** The broker's answer to each request that carries a position or a batch. */
async function outcomes({ node }: TestBroker, topicId: string): Promise<string[]> {
  const asked = [
    ...[true, false].map((wait) => node.api.publish('t', 0, batch(), { timeoutMs: 1000, wait, topicId })),
    node.api.fetch('t', 0, { ...read, topicId }),
    node.api.fetch('t', 0, { ...read, topicId, replica: true }),
    node.api.findOffset('t', 0, { kind: 'LATEST', value: 0 }, { topicId }),
  ].map((answer) =>
    answer.then(
      () => 'done',
      (error: TailraceError) => error.code,
    ),
  )
  return run(Promise.all(asked), 2000)
}

beforeEach(async () => {
  cluster = await TestCluster.of(3)
  const { api } = cluster.broker(1).node
  former = (await run(api.createTopic(topic))).id
  await run(api.deleteTopic('t'))
  present = (await run(api.createTopic(topic))).id
})

test('every broker refuses requests for a former topic of the name, and takes those for the present one', async () => {
  expect(present).not.toBe(former)
  for (const broker of cluster.brokers.values()) {
    expect(await outcomes(broker, former), `${broker.id}`).toEqual(Array(5).fill('TOPIC_ID_MISMATCH'))
    expect(await outcomes(broker, present), `${broker.id}`).toEqual(Array(5).fill('done'))
    expect(await outcomes(broker, ''), `${broker.id}`).toEqual(Array(5).fill('done'))
  }
})

test('a forwarded request names its topic, and its leader refuses another one', async () => {
  // The former topic had group 1.
  const leader = cluster.broker(cluster.world.leaderOf(2))
  const other = [...cluster.brokers.values()].find((broker) => broker !== leader)!
  await outcomes(other, '')
  const forwarded = other.requests.filter(({ name }) => name === 'Publish' || name === 'Fetch' || name === 'FindOffset')
  expect(new Set(forwarded.map(({ name }) => name))).toEqual(new Set(['Publish', 'Fetch', 'FindOffset']))
  for (const { name, fields } of forwarded) {
    expect(fields, name).toMatchObject({ topicId: present })
    const stale = { ...(fields as object), topicId: former } as never
    const answer = leader.node.handlers.request(other.id, name, stale, batch()).catch(({ code }) => code)
    expect(await answer, name).toBe('TOPIC_ID_MISMATCH')
  }
})

/** Requests of operators about a topic or one of its partitions; those that change nothing come first. */
const acts: Record<string, (broker: TestBroker, topicId?: string) => Promise<unknown>> = {
  describe: ({ node }, topicId) => node.api.describeTopic('t', topicId),
  members: ({ node }, topicId) => node.admin.members(place(topicId)),
  'describe a partition': ({ node }, topicId) => node.admin.describeGroup(place(topicId)),
  'change settings': ({ node }, topicId) => node.admin.alterTopic('t', { retentionMs: 1000 }, topicId),
  'add partitions': ({ node }, topicId) => node.admin.addPartitions('t', 2, topicId),
  'delete records': ({ node }, topicId) => node.admin.deleteRecords(place(topicId), 0),
  'set a priority': ({ node }, topicId) => node.admin.setPriority(place(topicId), { broker: 1, factor: 2 }),
  'transfer the leadership': ({ node }, topicId) => node.admin.transferLeadership(place(topicId), 2),
  'take a snapshot': ({ node }, topicId) => node.admin.snapshot(place(topicId), { broker: 1, thenFetch: false }),
  'change members': ({ node }, topicId) => node.admin.changeMembers(place(topicId), [1, 2]),
  delete: ({ node }, topicId) => node.api.deleteTopic('t', topicId),
}
function place(topicId: string | undefined) {
  const target = { kind: 'partition', topic: 't', partition: 0 } as const
  return topicId === undefined ? target : { ...target, topicId }
}

test.each(Object.keys(acts))('%s: a request for the former topic leaves the present one alone', async (act) => {
  for (const broker of cluster.brokers.values()) {
    const refused = acts[act]!(broker, former)
    await expect(run(refused), `${broker.id}`).rejects.toMatchObject({ code: 'TOPIC_ID_MISMATCH' })
  }
  expect(cluster.broker(1).node.api.listTopics()).toMatchObject([{ id: present, config: {} }])
  await expect(run(acts[act]!(cluster.broker(2), present))).resolves.not.toThrow()
})

test.each(['change settings', 'delete'])('%s: without an id it is about the topic that has the name', async (act) => {
  await run(acts[act]!(cluster.broker(2)))
  const left = act === 'delete' ? [] : [{ id: present, config: { retentionMs: 1000 } }]
  expect(cluster.broker(1).node.api.listTopics()).toMatchObject(left)
})

test('a new metadata leader decides once it has applied the decisions of former leaders', async () => {
  const leader = cluster.broker(cluster.world.leaderOf(0))
  const { api } = leader.node
  const { promise, resolve } = Promise.withResolvers<void>()
  leader.groups.get(0)!.onConfirmed = () => promise
  const deleted = api.deleteTopic('t', present).then(
    () => 'deleted',
    ({ code }) => code,
  )
  await run(api.deleteTopic('t'), 1000)
  const third = await run(api.createTopic(topic), 1000)
  resolve()
  expect(await run(deleted)).toBe('TOPIC_ID_MISMATCH')
  expect(api.listTopics()).toMatchObject([{ id: third.id }])
})
