import { Consumer } from '@tailrace/consumer'
import { ClusterProcesses } from '../e2e/cluster-processes.ts'
import { type PublishResult, runPublish } from './publish-run.ts'
import { Users } from './users.ts'

const QUIET = { recordBytes: 1000, partitions: 3, producers: 1, rate: 500, warmSeconds: 3, batchBytes: 65_536 }
const HEAVY = { recordBytes: 1000, partitions: 3, producers: 1, rate: null, warmSeconds: 1, batchBytes: 65_536 }
const LIMITS = { produceBytesPerSecond: 1 << 20, fetchBytesPerSecond: 1 << 20 }
const TOPIC = 'bench-heavy'

export interface QuotaShares {
  readonly undisturbed: PublishResult
  readonly beside: PublishResult
  /** Records that the reader at full speed got a second, and the publisher at full speed published. */
  readonly readPerSecond: number
  readonly publishedPerSecond: number
}

/**
 * A producer of one principal at 500 records/s alone, then beside a producer and a reader of another principal that go
 * as fast as a quota of 1 MiB/s of each broker lets them.
 */
export async function runQuotas(seconds: number, limited: boolean): Promise<QuotaShares> {
  const users = await Users.inFolder()
  const cluster = await ClusterProcesses.start({ flags: users.flags })
  try {
    await users.make(cluster, ['quiet', 'heavy'])
    const credentials = users.credentials('heavy')
    const quiet = { ...QUIET, seconds, lingerMs: 1, outstanding: 1000, credentials: users.credentials('quiet') }
    const undisturbed = await runPublish(cluster, quiet)
    const heavy = { ...HEAVY, lingerMs: 1, outstanding: 5_000, credentials, topic: TOPIC }
    // Something to read, before there is a quota.
    await runPublish(cluster, { ...heavy, seconds: 2, keeps: true })
    const quota = { entity: { principal: 'User:heavy' }, limits: LIMITS }
    if (limited) await cluster.request(1, 'PUT', '/security/quotas', quota)
    const servers = cluster.ids.map((id) => `ws://${cluster.http(id)}`)
    const consumer = new Consumer({ servers, credentials })
    const reading = readAll(consumer)
    const [beside, published] = await Promise.all([
      runPublish(cluster, quiet),
      runPublish(cluster, { ...heavy, seconds: seconds + QUIET.warmSeconds, exists: true, keeps: true }),
    ])
    consumer.close()
    const readPerSecond = (await reading) / (seconds + QUIET.warmSeconds)
    await cluster.stopAll()
    return { undisturbed, beside, readPerSecond, publishedPerSecond: published.recordsPerSecond }
  } finally {
    await cluster.destroy()
    await users.remove()
  }
}

/** Resolves with the number of records when the consumer is closed. */
async function readAll(consumer: Consumer): Promise<number> {
  let records = 0
  try {
    for await (const batch of consumer.subscribe(TOPIC, { from: 'earliest' }).batches())
      records += batch.lastOffset - batch.baseOffset + 1
  } catch (error) {
    if ((error as { code?: string }).code !== 'CLOSED') throw error
  }
  return records
}
