import { readFile } from 'node:fs/promises'
import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ClusterProcesses } from './cluster-processes.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

const FORGED = '0123456789abcdef'
let cluster: ClusterProcesses

beforeAll(async () => {
  cluster = await ClusterProcesses.start()
  await cluster.request(1, 'POST', '/topics', { name: 'flights', partitions: 1, replicas: 3 })
  await topicBecomes(cluster, 1, 'flights', allInSync)
})

afterAll(() => cluster?.destroy())

const read = async (broker: number, query: string): Promise<{ status: number; body: unknown }> => {
  const path = '/topics/flights/partitions/0/records'
  const response = await fetch(`http://${cluster.http(broker)}${path}?${query}`)
  return { status: response.status, body: await response.json() }
}

describe('M95: tokens of real brokers', () => {
  it('a forged one is refused over HTTP by every broker, leader or not; real ones are valid everywhere', async () => {
    const producer = new Producer({ servers: cluster.servers, lingerMs: 0 })
    const { token, offset } = await producer.send('flights', { value: 'mine' })
    await producer.close()
    const [term, index] = token!.split('-')
    for (const broker of cluster.ids) {
      for (const made of [`${term}-${Number(index) + 1000}-${FORGED}`, `${term}-${Number(index) + 1000}`]) {
        const refused = await read(broker, `offset=0&replica=true&token=${made}`)
        expect(refused).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST', retriable: false } })
      }
      // A replica that is no holder has it a moment later.
      await expect.poll(async () => (await read(broker, `offset=${offset}&token=${token}`)).status).toBe(200)
      await expect
        .poll(async () => (await read(broker, `offset=${offset}&replica=true&token=${token}`)).status)
        .toBe(200)
    }
    const metrics = await (await fetch(`http://${cluster.http(1)}/metrics`)).text()
    expect(metrics).toMatch(/^tailrace_tokens_not_genuine_total 2$/m)
  })

  it('a forged one is refused over WebSocket, to an SDK', async () => {
    const consumer = new Consumer({ servers: cluster.servers })
    const place = { partition: 0, offset: 0, token: `1-100000-${FORGED}` }
    await expect(consumer.read('flights', place)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await consumer.close()
  })

  it('no answer to a client shows the key of the seals', async () => {
    const folders = cluster.ids.map((id) => readFile(`${cluster.dataFolder(id)}/identity.json`, 'utf8'))
    const ids = (await Promise.all(folders)).map((text) => JSON.parse(text).directoryId as string)
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/)
    const { paths } = (await (await fetch(`http://${cluster.http(1)}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, unknown>>
    }
    const asked = Object.keys(paths).filter((path) => 'get' in paths[path]!)
    expect(asked.length).toBeGreaterThan(8)
    for (const path of asked) {
      const url = path.replace('{topic}', 'flights').replace('{partition}', '0').replace('{id}', '1')
      const answer = await beginningOf(await fetch(`http://${cluster.http(1)}${url}`))
      for (const id of ids) expect(answer.includes(id), path).toBe(false)
    }
  })
})

/** Of a stream of events, which does not end, what comes first. */
async function beginningOf(response: Response): Promise<string> {
  if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true) return response.text()
  const reader = response.body!.getReader()
  const { value } = await reader.read()
  await reader.cancel()
  return new TextDecoder().decode(value)
}
