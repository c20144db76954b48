import { randomUUID } from 'node:crypto'
import type { MeasuredClient, Reach } from './client.ts'
import { libraryIn } from './libraries.ts'

interface Consumer {
  connect(): Promise<void>
  subscribe(what: { topics: string[]; fromBeginning: boolean }): Promise<void>
  run(how: { eachMessage: () => Promise<void> }): Promise<void>
  disconnect(): Promise<void>
}
interface Kafka {
  admin(): {
    connect(): Promise<void>
    createTopics(what: { topics: object[]; waitForLeaders: boolean }): Promise<boolean>
    disconnect(): Promise<void>
  }
  producer(): {
    connect(): Promise<void>
    send(what: { topic: string; messages: { value: Buffer }[] }): Promise<unknown>
    disconnect(): Promise<void>
  }
  consumer(how: { groupId: string }): Consumer
}
interface Library {
  readonly Kafka: new (how: { brokers: readonly string[]; logLevel: number }) => Kafka
}

const NOTHING = 0

/** kafkajs as its README has it: acks of all in-sync replicas, a group that reads from the beginning. */
export async function openKafkajs({ servers, modules, synced }: Reach): Promise<MeasuredClient> {
  const kafka = new (libraryIn<Library>(modules, 'kafkajs').Kafka)({ brokers: servers, logLevel: NOTHING })
  const [admin, producer] = [kafka.admin(), kafka.producer()]
  await Promise.all([admin.connect(), producer.connect()])
  const sendAll = (topic: string, values: readonly Uint8Array[]) =>
    producer.send({ topic, messages: values.map((value) => ({ value: Buffer.from(value.buffer) })) })
  return {
    async createTopic(topic) {
      const configEntries = synced ? [{ name: 'flush.messages', value: '1' }] : []
      const topics = [{ topic, numPartitions: 1, replicationFactor: 3, configEntries }]
      await admin.createTopics({ topics, waitForLeaders: true })
    },
    send: (topic, value) => sendAll(topic, [value]),
    sendAll,
    async read(topic, count) {
      const consumer = kafka.consumer({ groupId: randomUUID() })
      await consumer.connect()
      await consumer.subscribe({ topics: [topic], fromBeginning: true })
      const { promise, resolve } = Promise.withResolvers<void>()
      let left = count
      await consumer.run({
        eachMessage: async () => {
          if (--left === 0) resolve()
        },
      })
      await promise
      await consumer.disconnect()
    },
    async close() {
      await Promise.all([admin.disconnect(), producer.disconnect()])
    },
  }
}
