import { Admin, type AssignedPartition, Consumer, type GroupBatch, Producer, TailraceError } from '@tailrace/sdk'
import { type Invoice, invoices, type Order, orders, servers } from './orders.ts'

/**
 * Orders in, invoices out, each exactly once, over crashes and however many of this program run. Invoices of a
 * partition of orders are in the partition of the same number, written under the fencing token of its lease, in the
 * order of the orders, and each names the offset of its order. So where the invoices end says where to go on, and a
 * process that was paused writes nothing more. Orders that do not fit their schema go to `orders.invalid`, at least
 * once.
 */

const ASIDE = 'orders.invalid'
const PARTITIONS = 6
/** Records that are written together are one batch, which has at most 1 MiB. */
const TOGETHER = 1_000

await using admin = new Admin({ servers })
for (const topic of [orders, invoices, ASIDE]) await admin.ensureTopic(topic, { partitions: PARTITIONS })

await using producer = new Producer({ servers, clientId: 'exact-invoices', lingerMs: 0 })
await using consumer = new Consumer({ servers, clientId: 'exact-invoices' })
const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())
const group = consumer.group('exact-invoices', { bytes: true, signal: stop.signal, onAssigned: takeOver })

/** From here on no former member writes invoices of these partitions; what they have written tells where to go on. */
async function takeOver(assigned: readonly AssignedPartition[]): Promise<void> {
  for (const { topic, partition, token, committed } of assigned) {
    const end = await producer.fence(invoices, partition, token)
    if (end === 0) continue
    const { records } = await consumer.read(invoices, { partition, offset: end - 1 }, { linearizable: true })
    const written = Number(records[0]!.headers.source) + 1
    // Behind the last invoice there may be orders that were put aside.
    group.seek({ topic, partition }, Math.max(written, committed?.offset ?? 0))
  }
}

/** Many at once: a program asks other services here. The invoices are written in the order of the orders. */
async function invoiceOf({ id, customer, cents }: Order): Promise<Invoice> {
  return { order: id, customer, total: (cents / 100).toFixed(2) }
}

async function writeInvoices(batch: GroupBatch<Uint8Array>): Promise<void> {
  const made: Promise<{ key: string; value: Invoice; headers: { source: string } }>[] = []
  for (const { offset, key, value } of batch.records()) {
    const source = String(offset)
    try {
      const order = orders.value.decode(value)
      made.push(invoiceOf(order).then((invoice) => ({ key: order.customer, value: invoice, headers: { source } })))
    } catch (error) {
      await producer.send(ASIDE, { key, value, headers: { source, reason: String(error) } })
    }
  }
  const records = await Promise.all(made)
  const condition = { partition: batch.partition, fence: batch.token }
  for (let at = 0; at < records.length; at += TOGETHER) {
    await producer.sendBatch(invoices, records.slice(at, at + TOGETHER), condition)
  }
}

console.log('started')
for await (const batch of group.batches(orders.name)) {
  try {
    await writeInvoices(batch)
  } catch (error) {
    // The partition is another member's: the records come there. The next beat tells this one.
    if (!(error instanceof TailraceError && error.code === 'FENCED')) throw error
  }
}
console.log('stopped')
