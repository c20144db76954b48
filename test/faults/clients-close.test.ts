import { fork } from 'node:child_process'
import { connect, createServer, type Socket } from 'node:net'
import { TestCluster } from '@tailrace/client/testing'
import { BatchWriter } from '@tailrace/schemas'
import { expect, it } from 'vitest'
import { closingKinds } from './closing-client.ts'

/** What CHANGELOG.md promises; ws waits 30 s for the answer to a close frame. */
const MOST_CLOSE_MS = 1_000
/** With the time that a process needs to end on a busy machine. */
const MOST_MS = 4_000

async function cluster(): Promise<TestCluster> {
  const started = await TestCluster.start({ t: 1 })
  const writer = new BatchWriter()
  writer.append({ timestamp: 0, key: null, value: '0' })
  started
    .log('t', 0)
    .append(writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 }), 1e6)
  return started
}

/**
 * A proxy before the broker; once frozen it takes connections and bytes as the kernel does for a stopped process, and
 * no process reads them.
 */
async function freezer(brokerPort: number) {
  const sockets = new Set<Socket>()
  let isFrozen = false
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    if (isFrozen) {
      socket.pause()
      return
    }
    const broker = connect(brokerPort, '127.0.0.1').on('error', () => {})
    sockets.add(broker)
    socket.pipe(broker)
    broker.pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as { port: number }).port,
    freeze() {
      isFrozen = true
      for (const socket of sockets) socket.unpipe().pause()
    },
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

it.concurrent.each(closingKinds)(
  'the process of %s ends soon after it is closed, although no broker answers',
  async (kind) => {
    const brokers = await cluster()
    const front = await freezer(brokers.broker(1).port)
    brokers.broker(1).advertisedPort = front.port
    const path = new URL('./closing-client.ts', import.meta.url)
    const child = fork(path, [kind, `ws://127.0.0.1:${front.port}`], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
    let said = ''
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    try {
      let closedAt = Number.NaN
      child.on('message', (message) => {
        if (message === 'closing') closedAt = performance.now()
        else {
          front.freeze()
          child.send('frozen')
        }
      })
      const code = await new Promise((resolve) => child.once('close', resolve))
      expect(code).toBe(0)
      expect(Number(/^closed in (\d+) ms$/m.exec(said)?.[1])).toBeLessThanOrEqual(MOST_CLOSE_MS)
      expect(performance.now() - closedAt).toBeLessThan(MOST_MS)
    } finally {
      child.kill('SIGKILL')
      front.close()
      await brokers.close()
    }
  },
  60_000,
)
