import { Admin, Consumer, type HandledRecord, Producer } from '@tailrace/sdk'
import { invoices, orders, servers } from './orders.ts'

/**
 * Orders in, invoices out: fifty at once, those of one customer one after the other. An order that does not fit its
 * schema goes to the topic `orders.dlq`, with the reason in its headers. After a crash the last orders are handled
 * again, so an invoice can be there twice; its header `source` tells. exact-pipeline.ts writes each once.
 */

await using admin = new Admin({ servers })
for (const topic of [orders, invoices]) await admin.ensureTopic(topic, { partitions: 6 })

await using producer = new Producer({ servers, clientId: 'invoices', lingerMs: 0 })
await using consumer = new Consumer({ servers, clientId: 'invoices' })
const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())

async function invoice({ partition, offset, key, value }: HandledRecord<typeof orders>): Promise<void> {
  const { id, customer, cents } = value
  const total = (cents / 100).toFixed(2)
  const headers = { source: `${partition}/${offset}` }
  await producer.send(invoices, { key, value: { order: id, customer, total }, headers })
}

const group = consumer.group('invoices', { signal: stop.signal })
console.log('started')
await group.run(orders, invoice, {
  concurrency: 50,
  orderBy: 'key',
  onFailure: ({ partition, offset, error, next }) => console.error(partition, offset, String(error), next),
})
console.log(`stopped: ${group.counts.handled} handled, ${group.counts.deadLetters} put aside`)
