import type { MeasuredClient, Reach } from './client.ts'
import { libraryIn } from './libraries.ts'

interface Transport {
  connect(how: { servers: readonly string[] }): Promise<{ close(): Promise<void> }>
}
interface JetStream {
  jetstream(connection: object): {
    publish(subject: string, payload: Uint8Array): Promise<unknown>
    readonly consumers: { get(stream: string): Promise<{ consume(): Promise<AsyncIterable<unknown>> }> }
  }
  jetstreamManager(connection: object): Promise<{
    readonly streams: { add(what: { name: string; subjects: string[]; num_replicas: number }): Promise<unknown> }
  }>
}

/** JetStream by nats.js: acknowledged publishes, and an ordered consumer. Its servers' settings say what is synced. */
export async function openNats({ servers, modules }: Reach): Promise<MeasuredClient> {
  const connection = await libraryIn<Transport>(modules, '@nats-io/transport-node').connect({ servers })
  const { jetstream, jetstreamManager } = libraryIn<JetStream>(modules, '@nats-io/jetstream')
  const [stream, manager] = [jetstream(connection), await jetstreamManager(connection)]
  const send = (topic: string, value: Uint8Array) => stream.publish(topic, value)
  return {
    async createTopic(topic) {
      await manager.streams.add({ name: topic, subjects: [topic], num_replicas: 3 })
    },
    send,
    sendAll: (topic, values) => Promise.all(values.map((value) => send(topic, value))),
    async read(topic, count) {
      const consumer = await stream.consumers.get(topic)
      let left = count
      for await (const _ of await consumer.consume()) if (--left === 0) return
    },
    close: () => connection.close(),
  }
}
