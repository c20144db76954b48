import { performance } from 'node:perf_hooks'

// The first line of a user's test: all that follows is counted.
const begun = performance.now()
const [{ startCluster }, { Producer }] = await Promise.all([import('@tailrace/testing'), import('@tailrace/producer')])
const loaded = performance.now()

/** Milliseconds from the start of a cluster of three until its first record is acknowledged. */
async function firstAck(): Promise<number> {
  const started = performance.now()
  const cluster = await startCluster({ brokers: 3 })
  await cluster.createTopic('orders')
  const producer = new Producer({ servers: cluster.servers })
  await producer.send('orders', { value: 'one' }, { signal: AbortSignal.timeout(60_000) })
  const took = performance.now() - started
  await producer.close()
  await cluster.close()
  return took
}

const cold = await firstAck()
const total = performance.now() - begun
const warm: number[] = []
for (let round = 0; round < 5; round++) warm.push(await firstAck())
console.log(JSON.stringify({ imports: loaded - begun, cold, total, warm: Math.min(...warm) }))
