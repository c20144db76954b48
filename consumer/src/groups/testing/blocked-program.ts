import { parentPort, workerData } from 'node:worker_threads'
import { Consumer } from '../../consumer.ts'

// A program with a thread of its own, whose handler blocks it at the record "stuck". It tells what it has handled.
const { servers, blockMs } = workerData as { servers: string[]; blockMs: number }
const consumer = new Consumer({ servers })
const group = consumer.group('g', {
  heartbeats: 'worker',
  sessionTimeoutMs: 2_000,
  handlerTimeoutMs: 100,
  stuckHandlers: 'release',
  autoCommitIntervalMs: 20,
  onRevoked: (partitions, reason) => parentPort!.postMessage({ kind: reason, partitions: partitions.length }),
})
parentPort!.on('message', () => void consumer.close())
await group.run('t', ({ partition, token, value }) => {
  parentPort!.postMessage({ kind: 'begun', partition, token, value })
  if (value === 'stuck') for (const end = performance.now() + blockMs; performance.now() < end; );
  parentPort!.postMessage({ kind: 'returned', partition, token, value })
})
parentPort!.close()
