import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ClusterProcesses } from './cluster-processes.ts'
import { NewerVersion } from './newer-version.ts'

/** Brokers 1 and 3 are of this version, brokers 2 and 4 of a later one, in which every message has one field more. */
let newer: NewerVersion
let cluster: ClusterProcesses
const later = new Set([2, 4])

beforeAll(async () => {
  newer = await NewerVersion.make()
  cluster = await ClusterProcesses.start({ executableOf: (id) => (later.has(id) ? newer.executable : undefined) })
}, 60_000)

afterAll(async () => {
  await cluster?.destroy()
  await newer?.remove()
})

interface Members {
  leader: number
  stage: string
  voters: number[]
  lastOutcome: { outcome: string; target: number[] } | null
}
const partition = '/topics/m/partitions/0'
const members = (of: string) => cluster.request<Members>(1, 'GET', `${of}/members`)

/** Asks until it is so; fails with the last answer. */
async function until<Answer>(ask: () => Promise<Answer>, isSo: (answer: Answer) => boolean): Promise<Answer> {
  const deadline = Date.now() + 30_000
  for (;;) {
    const answer = await ask()
    if (isSo(answer)) return answer
    if (Date.now() > deadline) throw new Error(`it does not come true: ${JSON.stringify(answer)}`)
    await new Promise((done) => setTimeout(done, 100))
  }
}

async function readFrom(server: string): Promise<string[]> {
  const consumer = new Consumer({ servers: [server] })
  try {
    const values: string[] = []
    const { highWatermark } = (await describe()).partitions[0]!
    for await (const { value } of consumer.subscribe('m', { from: 'earliest' })) {
      values.push(value!)
      if (values.length === highWatermark) break
    }
    return values
  } finally {
    await consumer.close()
  }
}

const describe = () =>
  cluster.request<{ partitions: { leader: number; highWatermark: number }[] }>(1, 'GET', '/topics/m')

const written: string[] = []
/** By a client of this version, whichever version answers it. */
async function write(server: string): Promise<void> {
  const producer = new Producer({ servers: [server] })
  try {
    const records = [0, 1, 2].map((number) => ({ value: `${written.length}-${number}` }))
    await producer.sendBatch('m', records)
    written.push(...records.map(({ value }) => value))
  } finally {
    await producer.close()
  }
}

it('the two versions have other schemas', async () => {
  expect(await newer.generated()).toContain('sinceLater')
  expect(await NewerVersion.generated()).not.toContain('sinceLater')
})

it('they form a cluster, and each creates, alters and describes topics, with either version as leader of the metadata', async () => {
  const { clusterId, brokers } = await cluster.request<{
    clusterId: string
    brokers: { id: number; alive: boolean }[]
  }>(2, 'GET', '/cluster')
  expect(clusterId).not.toBe('')
  expect(brokers.map(({ id, alive }) => [id, alive])).toEqual([1, 2, 3].map((id) => [id, true]))
  await cluster.request(1, 'POST', '/topics', { name: 'm', partitions: 1, replicas: 3 })
  for (const leader of [1, 2]) {
    await cluster.request(3, 'POST', '/cluster/leader', { to: leader })
    await until(
      () => members('/cluster'),
      (page) => page.leader === leader,
    )
    for (const id of [1, 2, 3]) {
      const name = `by-${id}-through-${leader}`
      const config = { retentionMs: 60_000, readOnly: false }
      await cluster.request(id, 'POST', '/topics', { name, partitions: 3, replicas: 3, config })
      await cluster.request(id, 'PATCH', `/topics/${name}/config`, { retentionMs: null, maxBatchBytes: 4096 })
      const page = await until(
        () => cluster.request<{ config: object; partitions: { leader: number }[] }>(id, 'GET', `/topics/${name}`),
        ({ partitions }) => partitions.every((some) => some.leader !== 0),
      )
      expect(page.config).toEqual({ maxBatchBytes: 4096, readOnly: false })
    }
  }
})

it('records written through any of them are read from each, with either version as leader of the partition', async () => {
  for (const leader of [1, 2]) {
    await cluster.request(3, 'POST', `${partition}/leader`, { to: leader })
    await until(
      () => members(partition),
      (page) => page.leader === leader,
    )
    for (const server of cluster.servers) await write(server)
    for (const server of cluster.servers) expect(await readFrom(server)).toEqual(written)
  }
})

it('operators see the same through each, and take snapshots of each other’s replicas', async () => {
  for (const id of [1, 2, 3]) {
    const page = await cluster.request<{ replicas: { broker: number; trouble: string | null }[]; tail: object[] }>(
      id,
      'GET',
      `${partition}/describe`,
    )
    expect(page.replicas.map(({ broker, trouble }) => [broker, trouble])).toEqual([1, 2, 3].map((of) => [of, null]))
    expect(page.tail.length).toBeGreaterThan(0)
    const other = (id % 3) + 1
    expect(await cluster.request(id, 'POST', '/cluster/snapshot', { broker: other, thenFetch: true })).toMatchObject({
      index: expect.any(Number),
    })
  }
})

it('a broker of the later version joins, and members change to it and back', async () => {
  expect(await cluster.add()).toBe(4)
  await cluster.request(1, 'PUT', '/cluster/members', { replicas: [1, 2, 4] })
  await until(
    () => members('/cluster'),
    ({ stage, voters }) => stage === 'stable' && voters.includes(4),
  )
  for (const [asked, replicas] of [
    [1, [4, 2, 3]],
    [4, [1, 3, 2]],
  ] as const) {
    await cluster.request(asked, 'PUT', `${partition}/members`, { replicas })
    const page = await until(
      () => members(partition),
      ({ stage, lastOutcome }) => stage === 'stable' && String(lastOutcome?.target) === String(replicas),
    )
    expect([page.lastOutcome?.outcome, page.voters.toSorted()]).toEqual(['done', replicas.toSorted()])
    await write(cluster.servers[asked - 1]!)
    expect(await readFrom(cluster.servers[1]!)).toEqual(written)
  }
})

it('each goes on after a kill, and comes back as the other version', async () => {
  for (const id of [2, 3]) {
    await cluster.kill(id)
    if (later.has(id)) later.delete(id)
    else later.add(id)
    await write(cluster.servers[0]!)
    await cluster.launch(id)
    await cluster.ready()
    await write(cluster.servers[id - 1]!)
  }
  for (const server of cluster.servers) expect(await readFrom(server)).toEqual(written)
  for (const id of cluster.ids)
    expect(await cluster.log(id)).not.toMatch(/"level":50|INCOMPATIBLE_PEER|cannot be resolved/)
})
