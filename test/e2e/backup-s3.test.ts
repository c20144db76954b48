import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lacks } from '../deploy/tools.ts'
import { skipped } from '../runner/skipped.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { tailrace } from './command-line.ts'
import { S3_SERVER, S3Server } from './s3-server.ts'

const BUCKET = 'tailrace'
const PLACE = `s3://${BUCKET}/clusters/one`
const RECORDS = 2_000

const noServer = skipped(lacks(S3_SERVER), `backups in S3: there is no ${S3_SERVER}.`)

describe.skipIf(noServer)('backups in S3', () => {
  let cluster: ClusterProcesses
  let s3: S3Server

  beforeAll(async () => {
    s3 = await S3Server.start(BUCKET)
    cluster = await ClusterProcesses.start({ brokers: 1 })
    await cluster.request(1, 'POST', '/topics', { name: 'orders', partitions: 2, replicas: 1 })
    const producer = new Producer(cluster.sdk)
    for (let at = 0; at < RECORDS; at++)
      void producer.send('orders', { key: `${at % 50}`, value: 'x'.repeat(at % 900) })
    await producer.flush()
    await producer.close()
  }, 60_000)

  afterAll(async () => {
    await cluster?.destroy()
    await s3?.destroy()
  })

  const run = (args: readonly string[], environment: Record<string, string> = {}) => {
    return tailrace(['backup', ...args], '', { ...s3.environment, ...environment })
  }
  async function done(...args: string[]): Promise<Record<string, unknown>> {
    const { code, out, err } = await run([...args, '--json'])
    expect([code, err]).toEqual([0, ''])
    return JSON.parse(out) as Record<string, unknown>
  }
  const at = () => ['--server', cluster.http(1)]

  async function contentOf(topic: string): Promise<string[][]> {
    const content: string[][] = [[], []]
    const consumer = new Consumer(cluster.sdk)
    let left = RECORDS
    for await (const { partition, offset, timestamp, key, value } of consumer.subscribe(topic, { from: 'earliest' })) {
      content[partition]!.push(JSON.stringify([offset, timestamp, key, value]))
      if (--left === 0) break
    }
    await consumer.close()
    return content
  }

  it('are made, and the next one copies only what is new', async () => {
    expect(await done('create', '--to', PLACE, '--name', 'first', ...at())).toMatchObject({ records: RECORDS })
    expect(await done('create', '--to', PLACE, '--name', 'second', ...at())).toMatchObject({ copiedBytes: 0 })
    const { out } = await run(['list', PLACE])
    expect(out.split('\n').map((line) => line.split(' ')[0])).toEqual(['NAME', 'first', 'second', ''])
    expect(await run(['list', `s3://${BUCKET}`])).toMatchObject({
      code: 0,
      out: `There is no backup in s3://${BUCKET}.\n`,
    })
    const again = await run(['create', '--to', PLACE, '--name', 'first', ...at()])
    expect([again.code, again.err]).toEqual([2, expect.stringContaining(`there is a backup first in ${PLACE} already`)])
  }, 60_000)

  it('are verified and restored, byte by byte', async () => {
    expect((await run(['verify', PLACE])).out).toMatch(/^second is sound: 1 topic/)
    await done('restore', '--from', PLACE, '--rename', 'orders=orders-again', ...at())
    expect(await contentOf('orders-again')).toEqual(await contentOf('orders'))
  }, 60_000)

  it('with a flipped bit are refused by the name of the object', async () => {
    const records = join(s3.folder, 'buckets', BUCKET, 'clusters/one/records')
    const [chunk] = readdirSync(records, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.batches'),
    )
    const path = join(records, chunk!)
    const kept = readFileSync(path)
    const bytes = Buffer.from(kept)
    bytes[bytes.length >> 1]! ^= 16
    writeFileSync(path, bytes)
    const { code, err } = await run(['verify', PLACE])
    expect([code, err]).toEqual([1, expect.stringContaining(`${PLACE}/records/${chunk} is damaged`)])
    writeFileSync(path, kept)
    expect((await run(['verify', PLACE])).code).toBe(0)
  }, 60_000)

  it('say what is wrong: the credential, the bucket, the place, the server', async () => {
    for (const [args, environment, code, message] of [
      [['list', PLACE], { AWS_SECRET_ACCESS_KEY: 'another' }, 1, `AUTHORIZATION_FAILED: ${PLACE}/backups: `],
      [['list', 's3://no-such-bucket'], {}, 1, 'INVALID_REQUEST: s3://no-such-bucket/backups: NoSuchBucket'],
      [['list', 's3://a'], {}, 2, 's3://a is neither'],
      [['list', PLACE], { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }, 1, `CONNECTION_LOST: ${PLACE}/backups: `],
    ] as const) {
      const found = await run(args, environment)
      expect([found.code, found.err]).toEqual([code, expect.stringContaining(message)])
    }
  }, 60_000)
})
