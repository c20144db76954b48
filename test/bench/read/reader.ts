/** Reads a whole topic, or the floor, once. Started with IPC. */
import { connect } from 'node:net'
import { Consumer } from '@tailrace/consumer'

export interface ReadOrder {
  readonly kind: 'floor' | 'batches' | 'records' | 'group batches' | 'group records'
  /** Of the floor. */
  readonly port: number
  readonly server: string
  readonly topic: string
  readonly records: number
}

export interface ReadReport {
  readonly seconds: number
  readonly cpuSeconds: number
}

process.on('message', (order: ReadOrder) => {
  void run(order)
})
process.on('disconnect', () => process.exit(0))

async function run(order: ReadOrder): Promise<void> {
  const began = performance.now()
  const before = process.cpuUsage()
  if (order.kind === 'floor') await readSocket(order.port)
  else await readTopic(order)
  const { user, system } = process.cpuUsage(before)
  const report: ReadReport = { seconds: (performance.now() - began) / 1000, cpuSeconds: (user + system) / 1e6 }
  process.send!(report)
}

function readSocket(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    connect({ host: '127.0.0.1', port })
      .on('data', () => {})
      .on('error', reject)
      .on('end', resolve)
  })
}

async function readTopic({ kind, server, topic, records }: ReadOrder): Promise<void> {
  const consumer = new Consumer({ servers: [server] })
  const isMember = kind === 'group batches' || kind === 'group records'
  // A group of its own each time: a former one has read everything.
  const subscription = isMember
    ? consumer.group(`readers ${process.pid}`, { bytes: true }).subscribe(topic)
    : consumer.subscribe(topic, { from: 'earliest', bytes: true })
  let count = 0
  if (kind === 'batches' || kind === 'group batches') {
    for await (const batch of subscription.batches()) {
      count += batch.count
      if (count >= records) break
    }
  } else {
    for await (const _ of subscription) {
      count += 1
      if (count >= records) break
    }
  }
  await consumer.close()
}
