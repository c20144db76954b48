import { randomUUID } from 'node:crypto'
import type { MeasuredClient, Reach } from './client.ts'
import { libraryIn } from './libraries.ts'

interface Options {
  readonly clientId: string
  readonly bootstrapBrokers: readonly string[]
}
interface Library {
  readonly Admin: new (
    options: Options,
  ) => {
    createTopics(what: { topics: string[]; partitions: number; replicas: number; configs: object[] }): Promise<unknown>
    close(): Promise<void>
  }
  readonly Producer: new (
    options: Options,
  ) => {
    send(what: { messages: { topic: string; value: Buffer }[] }): Promise<unknown>
    close(): Promise<void>
  }
  readonly Consumer: new (
    options: Options & { groupId: string },
  ) => {
    consume(how: { topics: string[]; mode: string; autocommit: boolean }): Promise<AsyncIterable<unknown>>
    close(force: boolean): Promise<void>
  }
}

/** `@platformatic/kafka` as its README has it: acks of all in-sync replicas, a group that reads from the beginning. */
export async function openPlatformatic({ servers, modules, synced }: Reach): Promise<MeasuredClient> {
  const library = libraryIn<Library>(modules, '@platformatic/kafka')
  const options = { clientId: 'measured', bootstrapBrokers: servers }
  const [admin, producer] = [new library.Admin(options), new library.Producer(options)]
  const sendAll = (topic: string, values: readonly Uint8Array[]) =>
    producer.send({ messages: values.map((value) => ({ topic, value: Buffer.from(value.buffer) })) })
  return {
    async createTopic(topic) {
      const configs = synced ? [{ name: 'flush.messages', value: '1' }] : []
      await admin.createTopics({ topics: [topic], partitions: 1, replicas: 3, configs })
    },
    send: (topic, value) => sendAll(topic, [value]),
    sendAll,
    async read(topic, count) {
      const consumer = new library.Consumer({ ...options, groupId: randomUUID() })
      let left = count
      for await (const _ of await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: true })) {
        if (--left === 0) break
      }
      await consumer.close(true)
    },
    async close() {
      await Promise.all([admin.close(), producer.close()])
    },
  }
}
