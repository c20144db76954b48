import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { ClusterProcesses } from './cluster-processes.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

/** The session in JSON that docs/protocol.md shows, message by message, with real brokers. */
let cluster: ClusterProcesses

beforeAll(async () => {
  cluster = await ClusterProcesses.start()
  await cluster.request(1, 'POST', '/topics', { name: 'flights', partitions: 1, replicas: 3 })
  await topicBecomes(cluster, 1, 'flights', allInSync)
  const records = [{ key: 'SFO', value: '{"delay":3}' }]
  await cluster.request(1, 'POST', '/topics/flights/records', { records })
})
afterAll(() => cluster?.destroy())

interface Step {
  readonly sent: string
  readonly answers: readonly object[]
}

async function shownSession(): Promise<Step[]> {
  const text = await readFile(resolve(import.meta.dirname, '../../docs/protocol.md'), 'utf8')
  const [, session] = /^\$ npx wscat -c ws:\/\/localhost:8080\/stream\n(.*?)^```$/ms.exec(text)!
  const steps: { sent: string; answers: object[] }[] = []
  for (const line of session!.trimEnd().split('\n')) {
    if (line.startsWith('> ')) steps.push({ sent: line.slice(2), answers: [] })
    else steps.at(-1)!.answers.push(JSON.parse(line.slice(2)))
  }
  return steps
}

/** What differs from one run to the next is shown by its kind; of a text with "…" the part before it counts. */
function comparable(shown: unknown, got: unknown, name = ''): unknown {
  if (typeof shown === 'string' && shown.includes('…')) return typeof got === 'string' ? shown : got
  if (name === 'timestamp' || name === 'token') return typeof got === typeof shown ? shown : got
  // How many brokers have it already depends on their disks.
  if (name === 'holders') return Array.isArray(got) && got.every(Number.isInteger) ? shown : got
  if (Array.isArray(shown) && Array.isArray(got)) return got.map((item, at) => comparable(shown[at], item))
  if (typeof shown !== 'object' || shown === null || typeof got !== 'object' || got === null) return got
  const fields = shown as Record<string, unknown>
  return Object.fromEntries(
    Object.entries(got).map(([field, value]) => [field, comparable(fields[field], value, field)]),
  )
}

const opAndId = (message: object): string => {
  const { op, id } = message as { op: string; id: string }
  return `${op} ${id}`
}

it('is answered as shown', async () => {
  const socket = new WebSocket(`ws://${cluster.http(2)}/stream`)
  const got: object[] = []
  let wake = (): void => {}
  socket.on('message', (data) => {
    got.push(JSON.parse(String(data)))
    wake()
  })
  await once(socket, 'open')
  const steps = await shownSession()
  expect(steps.length).toBeGreaterThan(5)
  for (const { sent, answers } of steps) {
    socket.send(sent)
    while (got.length < answers.length) await new Promise<void>((resolve) => (wake = resolve))
    // An acknowledgement and the record itself come in either order.
    for (const shown of answers) {
      const at = got.findIndex((message) => opAndId(message) === opAndId(shown))
      const [message] = got.splice(Math.max(at, 0), 1)
      expect(comparable(shown, message)).toEqual(shown)
    }
    expect(got).toEqual([])
  }
  socket.terminate()
})
