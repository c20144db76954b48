import { crc32c } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { nodeCrypto } from '../../platform/node/crypto.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { topicsOfBrokers } from '../../security/access/guard.ts'
import type { AdminClient } from '../admin/admin-client.ts'
import type { ClusterRecords } from './cluster-records.ts'
import { createBackup } from './create-backup.ts'
import { folderStore } from './folder-store.ts'
import { RateLimit } from './rate-limit.ts'

/** A cluster with the topic "orders" and those of the brokers. Returns the topics of its backup. */
async function backupOf(...names: string[]): Promise<string[]> {
  const clock = new ManualClock(1_700_000_000_000)
  const topics = ['orders', ...topicsOfBrokers].map((name) => {
    return { name, id: `id-${name}`, partitions: 1, replicas: 1, config: {} }
  })
  const answers: Record<string, unknown> = {
    '/cluster': { clusterId: 'c' },
    '/topics': { topics },
    '/security/acls': { acls: [] },
    '/security/quotas': { quotas: [] },
  }
  const admin = { request: async (_method: string, path: string) => answers[path] ?? {} }
  const records = { ends: async () => ({ logStart: 0, end: 0 }) }
  const backup = await createBackup(names, {
    admin: admin as unknown as AdminClient,
    records: records as unknown as ClusterRecords,
    store: folderStore('/backup', new MemoryDisk()),
    crypto: nodeCrypto,
    crc32c,
    clock,
    limit: new RateLimit(clock, null),
    signal: new AbortController().signal,
    onBytes: () => {},
    withCredentials: false,
  })
  return backup.topics.map(({ name }) => name)
}

test('what brokers alone may write is in no backup', async () => {
  expect(topicsOfBrokers).toContain('__groups')
  expect(await backupOf()).toEqual(['orders'])
  expect(await backupOf('orders')).toEqual(['orders'])
  for (const name of topicsOfBrokers) {
    await expect(backupOf('orders', name)).rejects.toThrow(`${name} cannot be restored`)
  }
})
