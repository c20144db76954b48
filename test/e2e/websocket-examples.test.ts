import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { skipped } from '../runner/skipped.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { hasPseudoTerminal, TerminalProcess } from './terminal-process.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

/** The session in JSON that docs/protocol.md shows, message by message, with real brokers. */
let cluster: ClusterProcesses

beforeAll(async () => {
  cluster = await ClusterProcesses.start()
  const records = [{ key: 'SFO', value: '{"delay":3}' }]
  for (const name of ['flights', 'departures']) {
    await cluster.request(1, 'POST', '/topics', { name, partitions: 1, replicas: 3 })
    await topicBecomes(cluster, 1, name, allInSync)
    await cluster.request(1, 'POST', `/topics/${name}/records`, { records })
  }
})
afterAll(() => cluster?.destroy())

interface Step {
  readonly sent: string
  readonly answers: readonly object[]
}

async function shownSession(topic: string): Promise<Step[]> {
  const text = await readFile(resolve(import.meta.dirname, '../../docs/protocol.md'), 'utf8')
  const [, session] = /^\$ npx wscat -c ws:\/\/localhost:8080\/stream\n(.*?)^```$/ms.exec(text)!
  const steps: { sent: string; answers: object[] }[] = []
  const lines = session!.trimEnd().replaceAll('"topic":"flights"', `"topic":"${topic}"`).split('\n')
  for (const line of lines) {
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

/** A client of `/stream`, and the messages that have come to it. */
interface StreamClient {
  readonly got: object[]
  send(text: string): void
  /** Resolves when so many messages are there. */
  count(messages: number): Promise<void>
  close(): void
}

async function ownClient(): Promise<StreamClient> {
  const socket = new WebSocket(`ws://${cluster.http(2)}/stream`)
  const got: object[] = []
  let wake = (): void => {}
  socket.on('message', (data) => {
    got.push(JSON.parse(String(data)))
    wake()
  })
  await once(socket, 'open')
  return {
    got,
    send: (text) => socket.send(text),
    async count(messages) {
      while (got.length < messages) await new Promise<void>((resolve) => (wake = resolve))
    },
    close: () => socket.terminate(),
  }
}

/** In a terminal, as somebody has it who types what the page shows: elsewhere it does not say when it is connected. */
async function wscat(): Promise<StreamClient> {
  const program = fileURLToPath(new URL('../../node_modules/wscat/bin/wscat', import.meta.url))
  const terminal = new TerminalProcess(['-c', `ws://${cluster.http(2)}/stream`], 2_000, 50, program)
  const got: object[] = []
  let seen = 0
  const look = (): number => {
    const plain = terminal.out.replaceAll(/\p{Cc}\[[0-9;]*[A-Za-z]/gu, '')
    // The last line may not be whole yet.
    const messages = plain
      .split(/[\r\n]+/)
      .slice(0, -1)
      .filter((line) => line.startsWith('< '))
    for (const line of messages.slice(seen)) got.push(JSON.parse(line.slice(2)))
    seen = messages.length
    return got.length
  }
  await expect.poll(() => terminal.out).toContain('Connected')
  return {
    got,
    send: (text) => terminal.type(`${text}\r`),
    async count(messages) {
      await expect.poll(look).toBeGreaterThanOrEqual(messages)
    },
    close: () => terminal.close(),
  }
}

/** `topic`: in the place of the one that the page names. */
async function holdsSession(client: StreamClient, topic: string): Promise<void> {
  const { got } = client
  const steps = await shownSession(topic)
  expect(steps.length).toBeGreaterThan(5)
  for (const { sent, answers } of steps) {
    client.send(sent)
    await client.count(answers.length)
    // An acknowledgement and the record itself come in either order.
    for (const shown of answers) {
      const at = got.findIndex((message) => opAndId(message) === opAndId(shown))
      const [message] = got.splice(Math.max(at, 0), 1)
      expect(comparable(shown, message)).toEqual(shown)
    }
    expect(got).toEqual([])
  }
}

it('is answered as shown', async () => {
  const client = await ownClient()
  await holdsSession(client, 'departures')
  client.close()
})

const lacksTerminal = process.platform === 'win32' || !hasPseudoTerminal()

it.skipIf(skipped(lacksTerminal, 'the session with wscat: no `script` of util-linux here'))(
  'is answered as shown to wscat, which the page names',
  async () => {
    const client = await wscat()
    try {
      await holdsSession(client, 'flights')
    } finally {
      client.close()
    }
  },
)
