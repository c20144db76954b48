import { TestCluster } from '@tailrace/client/testing'
import { expect, it } from 'vitest'
import { Producer } from './index.ts'

it('a producer learns of partitions that its topic gets, and spreads keys over all from then on', async () => {
  const cluster = await TestCluster.start({ t: 1 })
  const producer = new Producer({ servers: cluster.servers, metadataMaxAgeMs: 20 })
  try {
    const keys = Array.from({ length: 12 }, (_, n) => `key ${n}`)
    await Promise.all(keys.map((key) => producer.send('t', { key, value: `first ${key}` })))
    cluster.addPartition('t')
    while (cluster.values('t', 1).length === 0) await producer.send('t', { key: 'key 0', value: 'again' })
    const sent = await Promise.all(keys.map((key) => producer.send('t', { key, value: `later ${key}` })))
    expect(new Set(sent.map(({ partition }) => partition))).toEqual(new Set([0, 1]))
    await expect(producer.send('t', { value: 'x', partition: 2 })).rejects.toMatchObject({ code: 'UNKNOWN_PARTITION' })
    expect(cluster.values('t', 0).slice(0, 12).sort()).toEqual(keys.map((key) => `first ${key}`).sort())
  } finally {
    await producer.close({ timeoutMs: 100 })
    await cluster.close()
  }
})
