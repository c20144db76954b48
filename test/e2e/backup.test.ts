import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ClusterProcesses } from './cluster-processes.ts'
import { tailrace } from './command-line.ts'
import { highWatermarksOf } from './faults.ts'
import type { FlightHistory } from './flight-history.ts'
import { FlightLoad } from './flight-load.ts'
import { collect } from './publish-under-faults.ts'

const folder = mkdtempSync(join(tmpdir(), 'tailrace-backup-'))
const backups = join(folder, 'backups')
const HOUR = 3_600_000
let old: ClusterProcesses
let fresh: ClusterProcesses
let load: FlightLoad
/** What was acknowledged before the backup `first` began. */
let beforeFirst: FlightHistory

const run = (cluster: ClusterProcesses, ...args: string[]) => {
  return tailrace(['backup', ...args, '--server', cluster.http(1)])
}
async function done(cluster: ClusterProcesses, ...args: string[]): Promise<never> {
  const { code, out, err } = await run(cluster, ...args, '--json')
  expect([code, err]).toEqual([0, ''])
  return JSON.parse(out) as never
}

beforeAll(async () => {
  old = await ClusterProcesses.start()
  const topics = [
    { name: 'flights', partitions: 3, replicas: 3 },
    { name: 'orders', partitions: 2, replicas: 3, config: { retentionMs: HOUR, maxBatchBytes: 2_000_000 } },
    { name: 'empty', partitions: 1, replicas: 1, config: { readOnly: true } },
  ]
  for (const topic of topics) await old.request(1, 'POST', '/topics', topic)
  const resource = { type: 'topic', name: 'orders', pattern: 'literal' }
  const acls = [{ principal: 'User:ann', host: '*', operation: 'read', permission: 'allow', resource }]
  await old.request(1, 'POST', '/security/acls', { acls })
  await old.request(1, 'PUT', '/security/quotas', { entity: { principal: 'User:ann' }, limits: { connections: 9 } })
  const producer = new Producer({ ...old.sdk, compression: 'gzip' })
  const yesterday = Date.now() - 24 * HOUR
  for (let at = 0; at < 3_000; at++) {
    void producer.send('orders', {
      key: `order ${at % 50}`,
      value: at % 7 === 0 ? null : 'x'.repeat(at % 900),
      headers: { number: String(at) },
      timestamp: yesterday + at,
    })
  }
  await producer.flush()
  await producer.close()
  load = await FlightLoad.start(old, 'flights', 2_000)
}, 60_000)

afterAll(async () => {
  await load?.stop()
  await old?.destroy()
  await fresh?.destroy()
  rmSync(folder, { recursive: true, force: true })
})

/** All records of a topic, as text, by partition. */
async function contentOf(cluster: ClusterProcesses, topic: string): Promise<string[][]> {
  const { partitions } = (await cluster.request(1, 'GET', `/topics/${topic}`)) as {
    partitions: { highWatermark: number; logStart: number }[]
  }
  const content: string[][] = partitions.map(() => [])
  let left = partitions.reduce((sum, { highWatermark, logStart }) => sum + highWatermark - logStart, 0)
  const consumer = new Consumer(cluster.sdk)
  if (left > 0) {
    for await (const { partition, offset, timestamp, key, value, headers } of consumer.subscribe(topic, {
      from: 'earliest',
    })) {
      content[partition]!.push(JSON.stringify([offset, timestamp, key, value, headers]))
      if (--left === 0) break
    }
  }
  await consumer.close()
  return content
}

const filesIn = (root: string) =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

describe('a backup under load', () => {
  it('has every record that was acknowledged before it began', async () => {
    beforeFirst = load.acknowledgedUntilNow()
    const before = beforeFirst.acknowledgements
    const made = await done(old, 'create', '--to', backups, '--name', 'first')
    expect(load.acknowledged).toBeGreaterThan(before)
    expect(made).toMatchObject({ name: 'first', topics: 3, rules: true })
    expect((made as { records: number }).records).toBeGreaterThanOrEqual(before + 3_000)
    if (process.platform !== 'win32') {
      for (const path of [backups, ...filesIn(backups)]) expect(statSync(path).mode & 0o077, path).toBe(0)
    }
  })

  it('is followed by one that copies only what is new', async () => {
    await load.nextAcknowledgement()
    await load.stop()
    expect(await load.problems(old)).toEqual([])
    const before = new Set(filesIn(join(backups, 'records')))
    const made = await done(old, 'create', '--to', backups, '--name', 'second')
    const after = filesIn(join(backups, 'records'))
    expect(after.filter((path) => before.has(path))).toHaveLength(before.size)
    const written = after.filter((path) => !before.has(path)).reduce((sum, path) => sum + statSync(path).size, 0)
    expect((made as { copiedBytes: number }).copiedBytes).toBe(written)
    expect(await done(old, 'create', '--to', backups, '--name', 'third')).toMatchObject({ copiedBytes: 0 })
    const { out } = await tailrace(['backup', 'list', backups])
    expect(out.split('\n').map((line) => line.split(' ')[0])).toEqual(['NAME', 'first', 'second', 'third', ''])
    expect((await tailrace(['backup', 'verify', backups, '--name', 'first'])).out).toMatch(/^first is sound: 3 topics/)
  })
})

describe('a restore', () => {
  it('of the backup taken under load has every record acknowledged before it began, bytes and order equal', async () => {
    const cluster = await ClusterProcesses.start()
    try {
      const { partitions } = (await done(cluster, 'restore', '--from', backups, '--name', 'first')) as {
        partitions: { shift: number }[]
      }
      expect(partitions.map(({ shift }) => shift)).toEqual(Array(6).fill(0))
      const sum = (offsets: number[]) => offsets.reduce((total, offset) => total + offset, 0)
      const restored = sum(await highWatermarksOf(cluster, 1, 'flights'))
      expect(restored).toBeGreaterThanOrEqual(beforeFirst.acknowledgements)
      // The load went on after the backup.
      expect(restored).toBeLessThan(sum(await highWatermarksOf(old, 1, 'flights')))
      expect(beforeFirst.problems('the restored topic', await collect(cluster, 'flights', restored))).toEqual([])
      expect(await contentOf(cluster, 'orders')).toEqual(await contentOf(old, 'orders'))
    } finally {
      await cluster.destroy()
    }
  }, 120_000)

  it('refuses a backup with a flipped bit by the name of the file, and makes nothing', async () => {
    fresh = await ClusterProcesses.start()
    const manifest = join(backups, 'backups', 'third.json')
    const chunk = filesIn(join(backups, 'records')).at(-1)!
    for (const path of [manifest, chunk]) {
      const bytes = readFileSync(path)
      const kept = Buffer.from(bytes)
      bytes[bytes.length >> 1]! ^= 16
      writeFileSync(path, bytes)
      for (const command of [
        ['verify', backups],
        ['restore', '--from', backups, '--server', fresh.http(1)],
      ]) {
        const { code, err } = await tailrace(['backup', ...command])
        expect(code).toBe(1)
        expect(err).toContain(`${path} is damaged`)
      }
      writeFileSync(path, kept)
    }
    expect(await fresh.request(1, 'GET', '/topics')).toEqual({ topics: [] })
  }, 60_000)

  it('makes the same topics, settings, rules and records, byte by byte', async () => {
    const { partitions } = (await done(fresh, 'restore', '--from', backups)) as { partitions: { shift: number }[] }
    expect(partitions.map(({ shift }) => shift)).toEqual(Array(6).fill(0))
    for (const topic of ['flights', 'orders', 'empty']) {
      const contents = [await contentOf(fresh, topic), await contentOf(old, topic)]
      expect(contents[0]!.map((records) => records.length)).toEqual(contents[1]!.map((records) => records.length))
      expect(contents[0]).toEqual(contents[1])
    }
    const settings = async (cluster: ClusterProcesses) => {
      const { topics } = (await cluster.request(1, 'GET', '/topics')) as { topics: { id: string }[] }
      return topics.map(({ id: _, ...topic }) => topic)
    }
    expect(await settings(fresh)).toEqual(await settings(old))
    for (const path of ['/security/acls', '/security/quotas'])
      expect(await fresh.request(1, 'GET', path)).toEqual(await old.request(1, 'GET', path))
  }, 60_000)

  it('takes chosen topics under other names, and refuses names that are taken', async () => {
    const again = await run(fresh, 'restore', '--from', backups)
    expect([again.code, again.err]).toEqual([1, expect.stringContaining('TOPIC_EXISTS')])
    await done(
      fresh,
      'restore',
      '--from',
      backups,
      '--topic',
      'orders',
      '--rename',
      'orders=orders-of-old',
      '--no-rules',
    )
    expect(await contentOf(fresh, 'orders-of-old')).toEqual(await contentOf(old, 'orders'))
  }, 60_000)

  it('says what is wrong with a call', async () => {
    for (const [args, message] of [
      [['restore', '--from', join(folder, 'none')], 'there is no backup in'],
      [['restore', '--from', backups, '--name', 'fourth'], 'there is no backup fourth in'],
      [['restore', '--from', backups, '--topic', 'nothing'], 'the backup has no topic "nothing"'],
      [['restore', '--from', backups, '--rename', 'orders'], 'must have the form OLD=NEW'],
      [['create', '--to', backups, '--name', 'first'], 'there is a backup first in'],
      [['create', '--to', backups, '--name', '../x'], 'a backup cannot be called "../x"'],
      [['create', '--to', 'ftp://bucket'], 'backups are kept in folders and at places like s3://bucket/prefix'],
      [['create', '--to', backups, '--rate', 'fast'], '--rate is "fast"'],
      [['create', '--to', backups, '--topic', '__audit'], 'cannot be restored'],
    ] as const) {
      const { code, err } = await run(fresh, ...args)
      expect([code, err]).toEqual([2, expect.stringContaining(message)])
    }
  })
})
