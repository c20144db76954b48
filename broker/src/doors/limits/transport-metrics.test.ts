import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { batchOf } from '../../partition/testing/batches.ts'
import { transportMetrics } from './transport-metrics.ts'

async function shown(
  count: (metrics: ReturnType<typeof transportMetrics>['transports']) => void,
): Promise<Record<string, number>> {
  const registry = new Registry()
  count(transportMetrics([registry]).transports)
  const lines = (await registry.metrics()).matchAll(/^tailrace_(\w+)_total\{transport="http"\} (\S+)$/gm)
  return Object.fromEntries([...lines].map(([, name, value]) => [name, Number(value)]))
}

test('records and batches that are read are counted by their headers, also where pieces hold several', async () => {
  const [two, three] = [batchOf(['a', 'b']), batchOf(['c', 'd', 'e'])]
  const pieces = [two, new Uint8Array(Buffer.concat([three, two]))]
  const bytes = 2 * two.length + three.length
  expect(await shown(({ http }) => http.fetched({ batches: pieces, bytes }))).toMatchObject({
    fetch_bytes: bytes,
    fetch_batches: 3,
    fetch_records: 7,
  })
})

test('what is no whole batch is delivered all the same, and not counted', async () => {
  const whole = batchOf(['a', 'b'])
  const longer = whole.slice()
  new DataView(longer.buffer).setInt32(8, whole.length)
  const negative = whole.slice()
  new DataView(negative.buffer).setInt32(8, -5)
  const batches = [whole.subarray(0, 30), whole.subarray(0, whole.length - 1), longer, negative, whole]
  expect(await shown(({ http }) => http.fetched({ batches, bytes: 1 }))).toMatchObject({
    fetch_batches: 1,
    fetch_records: 2,
  })
})

test('publishes are counted as requests, batches, records and bytes', async () => {
  const count = await shown(({ http }) => {
    for (const batches of [1, 3]) http.published({ bytes: 10, records: 5, batches }, 0.1)
  })
  expect(count).toMatchObject({ publish_requests: 2, publish_batches: 4, publish_records: 10, publish_bytes: 20 })
})

test('numbers of records that no correct broker tells are counted as none', async () => {
  const wrong = batchOf(['a', 'b'])
  new DataView(wrong.buffer).setInt32(57, -2)
  const count = await shown(({ http }) => {
    http.fetched({ batches: [wrong, batchOf(['c'])], bytes: 1 })
    http.published({ bytes: 1, records: -5, batches: 1 }, 0)
  })
  expect(count).toMatchObject({ fetch_records: 1, publish_records: 0 })
})
