import { BatchWriter, baseSequenceAt, baseTimestampAt, Compression, crc32c, placeBatch } from '@tailrace/schemas'
import { beforeEach, expect, test } from 'vitest'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { nodeCrypto } from '../../platform/node/crypto.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import type { AdminClient } from '../admin/admin-client.ts'
import type { PartitionBackup, TopicBackup } from './backup-shape.ts'
import { ChunkStore } from './chunk-store.ts'
import type { ClusterRecords } from './cluster-records.ts'
import { folderStore } from './folder-store.ts'
import { RateLimit } from './rate-limit.ts'
import { Made, restoreTopics } from './restore-backup.ts'

const never = new AbortController().signal
let disk: MemoryDisk
/** Requests to the cluster. */
let asked: string[]
let published: Uint8Array[]

beforeEach(() => {
  disk = new MemoryDisk()
  asked = []
  published = []
})

/** A batch of three records. */
function batchAt(offset: number): Uint8Array {
  const writer = new BatchWriter()
  for (let at = 0; at < 3; at++) writer.append({ timestamp: offset + at, key: null, value: `record ${offset + at}` })
  const nobody = { producerId: -1, producerEpoch: -1, baseSequence: -1 }
  const batch = writer.finish({ ...nobody, compression: Compression.none })
  placeBatch(batch, 0, offset, 1)
  return batch
}

const admin: AdminClient = {
  async request(method, path, body) {
    asked.push(path.includes('/delete-records') ? `${method} ${path} ${JSON.stringify(body)}` : `${method} ${path}`)
    return { id: 'new' }
  },
}
const records: ClusterRecords = {
  ends: () => Promise.reject(new Error('a restore reads nothing')),
  read: () => Promise.reject(new Error('a restore reads nothing')),
  newProducer: async () => ({ producerId: 7, epoch: 0 }),
  async publish(_, batch) {
    published.push(batch)
    return { baseOffset: 0 }
  },
  async fence(place, token) {
    asked.push(`fence ${place.topic}/${place.partition} ${token}`)
  },
  close() {},
}
const parts = () => ({ store: folderStore('/backup', disk), crypto: nodeCrypto, crc32c })
const deps = () => {
  const limit = new RateLimit(new ManualClock(), null)
  return { ...parts(), admin, records, limit, signal: never, onBytes: () => {} }
}

async function topicWith(name: string, from: number, offsets: readonly number[]): Promise<TopicBackup> {
  const chunk = await new ChunkStore(name, 0, parts()).write(offsets.map(batchAt))
  const partitions: PartitionBackup[] = [{ from, end: chunk.end, chunks: [chunk.file] }]
  return { name, id: name, replicas: 1, config: {}, partitions }
}

test('records that had been removed do not come back, and offsets are lower by the batches that are missing', async () => {
  const topic = await topicWith('t', 7, [0, 3, 6, 9])
  const restored = await restoreTopics([topic], 100, new Made(), deps())
  expect(published.map((batch) => baseTimestampAt(batch, 0))).toEqual([6, 9])
  expect(published.map((batch) => baseSequenceAt(batch, 0))).toEqual([0, 3])
  expect(restored).toEqual([{ topic: 't', partition: 0, records: 5, shift: 6 }])
  // Its partition began with the second record of a batch.
  expect(asked).toContain('POST /topics/t/partitions/0/delete-records?topicId=new {"before":1}')
})

test('a partition that begins with a batch has nothing to delete', async () => {
  const topic = await topicWith('t', 6, [0, 3, 6, 9])
  expect(await restoreTopics([topic], 100, new Made(), deps())).toMatchObject([{ records: 6, shift: 6 }])
  expect(asked.filter((one) => one.includes('delete-records'))).toEqual([])
})

test('the fencing token of a partition is accepted behind its records, before settings that might refuse it', async () => {
  const topic = await topicWith('t', 0, [0])
  const [partition] = topic.partitions
  await restoreTopics([{ ...topic, partitions: [{ ...partition!, fence: 5 }] }], 100, new Made(), deps())
  expect(asked).toEqual(['POST /topics', 'fence t/0 5', 'PATCH /topics/t/config'])
})
