import type {
  ConsumerGroupRequestFields,
  ConsumerGroupResultShapes,
  GroupPositionFields,
  LeasedFields,
  OwnedFields,
} from '@tailrace/schemas'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Client } from '../../broker/src/doors/testing/running-gateway.ts'
import { CascadeProcesses } from './cascade-processes.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { tailrace } from './command-line.ts'
import { GroupMember } from './group-member.ts'

let cluster: ClusterProcesses
let cascades: CascadeProcesses
let topicId: string
const clients: Client[] = []

beforeAll(async () => {
  cluster = await ClusterProcesses.start()
  cascades = await CascadeProcesses.inFolder()
  await cascades.add(101, cluster.http(1))
  await cascades.ready()
  const created = { name: 'flights', partitions: 4, replicas: 3 }
  topicId = (await cluster.request<{ id: string }>(1, 'POST', '/topics', created)).id
  const records = Array.from({ length: 40 }, (_, n) => ({ key: `k${n}`, value: `v${n}` }))
  await cluster.request(1, 'POST', '/topics/flights/records', { records })
}, 60_000)

afterAll(async () => {
  for (const { socket } of clients) socket.terminate()
  await cascades?.destroy()
  await cluster?.destroy()
})

async function connect(http: string): Promise<Client> {
  const client = await new Client(http).open()
  clients.push(client)
  return client
}

let correlation = 0
type Results = {
  [Name in keyof ConsumerGroupResultShapes as `tailrace.groups.${Name}`]?: ConsumerGroupResultShapes[Name]
}
/** The result of a request, or the code of its error. */
async function ask(client: Client, member: string, request: ConsumerGroupRequestFields): Promise<Results | string> {
  client.frame('ConsumerGroup', { correlation: ++correlation, group: 'billing', member, request })
  const { name, fields } = await client.nextFrame()
  if (name === 'Failure') return (fields as { error: { code: string } }).error.code
  return (fields as unknown as { result: Results }).result
}

async function beat(client: Client, member: string, epoch: number, owned: readonly OwnedFields[] = [], waitMs = 0) {
  const subscribed = epoch === 0 ? { topics: ['flights'], patterns: [] } : null
  const common = { clientId: '', instance: '', rack: '', sessionMs: 6000, stuck: [] }
  const leases = owned.map(({ topicId, partition, token }) => ({ topicId, partition, token }))
  const fields = { 'tailrace.groups.Beat': { ...common, epoch, waitMs, subscribed, owned: leases } }
  const result = await ask(client, member, fields)
  return typeof result === 'string' ? result : result['tailrace.groups.Beaten']!
}

const at = ({ topic, topicId, partition, token }: LeasedFields, offset: number): GroupPositionFields => {
  return { topic, topicId, partition, token, offset, term: 1, metadata: 'here', done: false }
}
const commit = (client: Client, member: string, positions: GroupPositionFields[]) => {
  return ask(client, member, { 'tailrace.groups.Commit': { positions } })
}
const json = async (...args: string[]) => {
  const { code, out, err } = await tailrace(['group', ...args, '-s', cluster.http(2), '--json'])
  expect([args, code, err]).toEqual([args, 0, ''])
  return JSON.parse(out)
}

/** The broker that coordinates "billing". */
async function coordinator(): Promise<number> {
  type Led = { partitions: { leader: number; highWatermark: number }[] }
  const { partitions } = await cluster.request<Led>(cluster.running[0]!, 'GET', '/topics/__groups')
  return partitions.find(({ highWatermark }) => highWatermark > 0)!.leader
}

describe('a consumer group on three brokers', () => {
  it('shares partitions, and keeps positions and leases when its coordinator is killed', async () => {
    const [a, b] = [await connect(cluster.http(1)), await connect(cascades.http(101))]
    const first = await beat(a, 'a', 0)
    if (typeof first === 'string') throw new Error(first)
    expect(first.assignment).toHaveLength(4)
    const joined = await beat(b, 'b', 0)
    if (typeof joined === 'string') throw new Error(joined)
    const asked = await beat(a, 'a', first.epoch, first.assignment)
    if (typeof asked === 'string') throw new Error(asked)
    expect(asked.revoke).toHaveLength(2)
    const given = new Set(asked.revoke.map(({ partition }) => partition))
    const kept = asked.assignment.filter(({ partition }) => !given.has(partition))
    // Waits at the coordinator, by way of the cascade broker and its source.
    const waiting = beat(b, 'b', joined.epoch, [], 3000)
    await beat(a, 'a', asked.epoch, kept)
    const moved = await waiting
    if (typeof moved === 'string') throw new Error(moved)
    expect(moved.assignment.map(({ partition }) => partition).sort()).toEqual([...given].sort())
    expect(
      await commit(
        b,
        'b',
        moved.assignment.map((lease) => at(lease, 3)),
      ),
    ).toEqual({
      'tailrace.groups.Committed': { fenced: [] },
    })
    const stale = asked.assignment.filter(({ partition }) => given.has(partition))
    expect(
      await commit(
        a,
        'a',
        stale.map((lease) => at(lease, 5)),
      ),
    ).toMatchObject({
      'tailrace.groups.Committed': { fenced: stale.map(({ partition }) => ({ topicId, partition })) },
    })

    const killed = await coordinator()
    await cluster.kill(killed)
    const living = cluster.running[0]!
    const again = await connect(cluster.http(living))
    const after = await beat(again, 'b', moved.epoch, moved.assignment)
    if (typeof after === 'string') throw new Error(after)
    expect(after.assignment.map(({ partition, token, offset }) => [partition, token, offset])).toEqual(
      moved.assignment.map(({ partition, token }) => [partition, token, 3]),
    )
    await cluster.launch(killed)
    await cluster.ready()
    await beat(again, 'b', -1)
    expect(await beat(again, 'b', after.epoch)).toBe('FENCED_MEMBER')
  }, 60_000)

  it('loses nothing to the first beat of a dead process of an instance that comes behind those of its successor', async () => {
    const begin = (id: string) =>
      GroupMember.join(cluster.http(1), { group: 'static', id, instance: 'pod-1', topics: ['flights'] })
    const former = await begin('a')
    expect(former.leases).toHaveLength(4)
    const successor = await begin('b')
    // It has shown by a second beat that it lives.
    await successor.beat()
    const tokens = successor.leases.map(({ token }) => token)
    expect(Math.min(...tokens)).toBeGreaterThan(Math.max(...former.leases.map(({ token }) => token)))
    await expect(former.beat()).rejects.toThrow('INSTANCE_TAKEN')
    const late = await begin('c')
    expect(late.leases).toEqual([])
    await successor.beat()
    expect(successor.leases.map(({ token }) => token)).toEqual(tokens)
    for (const gone of [former, late]) gone.close()
    await successor.leave()
  }, 30_000)

  it('is looked at, moved, carried elsewhere and deleted by the command line, when its members are gone', async () => {
    await expect.poll(async () => (await json('list'))[0]?.state, { timeout: 20_000 }).toBe('empty')
    const [listed] = await json('list')
    expect(listed).toMatchObject({ group: 'billing', members: 0, topics: ['flights'] })
    const lags = await json('lag', 'billing')
    expect(lags.filter(({ offset }: { offset: number }) => offset >= 0)).toHaveLength(2)
    for (const { offset, end, lag } of lags) if (offset >= 0) expect([offset, lag]).toEqual([3, end - 3])
    const dry = await json('reset', 'billing', '--to', 'latest', '--topic', 'flights', '--dry-run')
    expect(dry.positions).toHaveLength(4)
    expect((await json('lag', 'billing')).length).toBe(lags.length)
    await json('reset', 'billing', '--yes', '--to', '1', '--topic', 'flights')
    await json('reset', 'billing', '--yes', '--to', '+1')
    const exported = await tailrace(['group', 'export', 'billing', '-s', cascades.http(101)])
    expect(JSON.parse(exported.out).positions).toEqual(
      [0, 1, 2, 3].map((partition) => ({ topic: 'flights', partition, offset: 2, metadata: '' })),
    )
    const imported = await tailrace(['group', 'import', 'copy', '-s', cluster.http(3)], exported.out)
    expect([imported.code, imported.out]).toEqual([0, 'set 4 positions of group copy\n'])
    await json('delete', 'billing', '--yes')
    expect((await json('list')).map(({ group }: { group: string }) => group)).toEqual(['copy'])
    const gone = await tailrace(['group', 'describe', 'billing', '-s', cluster.http(1)])
    expect([gone.code, gone.err]).toEqual([1, expect.stringContaining('There is no such consumer group')])
  }, 60_000)

  it('its topic is written, made and deleted by brokers alone, and cascade brokers do not copy it', async () => {
    for (const [method, path, body] of [
      ['DELETE', '/topics/__groups'],
      ['POST', '/topics/__groups/records', { records: [{ value: 'x' }] }],
    ] as const) {
      await expect(cluster.request(1, method, path, body)).rejects.toThrow(/AUTHENTICATION_REQUIRED/)
    }
    const { topics } = (await (await fetch(`http://${cascades.http(101)}/topics`)).json()) as {
      topics: { name: string }[]
    }
    expect(topics.map(({ name }) => name)).toEqual(['flights'])
  })
})
