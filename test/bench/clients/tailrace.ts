import { Admin } from '@tailrace/admin'
import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import type { MeasuredClient, Reach } from './client.ts'

/** The SDK; an acknowledgement means that a majority has synced the record. */
export async function openTailrace({ servers }: Reach): Promise<MeasuredClient> {
  const options = { servers: [...servers] }
  const [admin, producer, consumer] = [new Admin(options), new Producer(options), new Consumer(options)]
  return {
    async createTopic(topic) {
      await admin.ensureTopic(topic, { partitions: 1, replicas: 3 })
    },
    send: (topic, value) => producer.send(topic, { value }),
    sendAll: (topic, values) =>
      producer.sendBatch(
        topic,
        values.map((value) => ({ value })),
      ),
    async read(topic, count) {
      let left = count
      for await (const _ of consumer.subscribe(topic, { from: 'earliest', bytes: true })) if (--left === 0) return
    },
    async close() {
      await Promise.all([admin.close(), producer.close(), consumer.close()])
    },
  }
}
