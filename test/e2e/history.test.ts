import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { Producer } from '@tailrace/producer'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ClusterProcesses } from './cluster-processes.ts'
import { allInSync, topicBecomes, viewTopic } from './topic-view.ts'

/** Records of the past over HTTP, from real brokers: as lines, and as answers that caches may keep. */
const RECORDS = 30_000
let cluster: ClusterProcesses
let topicId: string

beforeAll(async () => {
  cluster = await ClusterProcesses.start()
  await cluster.request(1, 'POST', '/topics', { name: 'flights', partitions: 1, replicas: 3 })
  await topicBecomes(cluster, 1, 'flights', allInSync)
  topicId = ((await viewTopic(cluster, 1, 'flights')) as unknown as { id: string }).id
  const producer = new Producer({ servers: cluster.servers })
  const values = Array.from({ length: RECORDS }, (_, n) => `${n}`.padEnd(100))
  await Promise.all(values.map((value) => producer.send('flights', { value })))
  await producer.close()
})
afterAll(() => cluster?.destroy())

it('the example of the documentation gives all records as lines, through each broker', async () => {
  const text = await readFile(resolve(import.meta.dirname, '../../docs/protocol.md'), 'utf8')
  const [, command] = /^(curl -H 'accept: application\/x-ndjson' .*)$/m.exec(text)!
  for (const id of cluster.ids) {
    const shown = `${command!.replace('localhost:8080', cluster.http(id))} -sS`
    const { stdout } = await promisify(execFile)('sh', ['-c', shown], { maxBuffer: 64 * 1024 * 1024 })
    const lines = stdout.split('\n')
    expect([lines.length, lines.at(-1)]).toEqual([RECORDS + 1, ''])
    const offsets = lines.slice(0, -1).map((line) => JSON.parse(line).offset)
    expect(offsets).toEqual(Array.from({ length: RECORDS }, (_, offset) => offset))
  }
})

it('a closed range is the same bytes under the same tag from all brokers, also after its leader has been killed', async () => {
  const path = `/topics/flights/partitions/0/records?offset=1000&to=1500&topicId=${topicId}`
  const read = async (id: number, headers = {}) => {
    const answer = await fetch(`http://${cluster.http(id)}${path}`, { headers })
    return [answer.status, answer.headers.get('etag'), await answer.text()] as const
  }
  const first = await read(1)
  const tag = `"j1-${topicId}-0-1000-1500"`
  expect(first.slice(0, 2)).toEqual([200, tag])
  for (const id of cluster.ids) expect(await read(id)).toEqual(first)
  const { leader } = (await viewTopic(cluster, 1, 'flights')).partitions[0]!
  await cluster.kill(leader)
  const other = cluster.ids.find((id) => id !== leader)!
  await expect.poll(() => read(other), { timeout: 20_000 }).toEqual(first)
  expect(await read(other, { 'if-none-match': tag })).toEqual([304, tag, ''])
})
