import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { MeasuredClient, OpenClient, Reach } from './client.ts'
import { openKafkajs } from './kafkajs.ts'
import { openNats } from './nats.ts'
import { openPlatformatic } from './platformatic.ts'
import { openTailrace } from './tailrace.ts'

/** One client in a process of its own. Started with IPC. */
export interface ClientOrder extends Reach {
  readonly client: keyof typeof clients
  readonly bytes: number
  readonly seconds: number
  /** How many are sent at once, and by one call. */
  readonly many: number
  readonly toRead: number
}

export interface ClientReport {
  readonly oneByOne: { readonly perSecond: number; readonly p50: number; readonly p99: number }
  /** Records a second. */
  readonly atOnce: number
  readonly byOneCall: number
  readonly read: number
}

export const clients = {
  tailrace: openTailrace,
  kafkajs: openKafkajs,
  '@platformatic/kafka': openPlatformatic,
  'nats.js': openNats,
} satisfies Record<string, OpenClient>

/** Before anything is measured. */
const WARM_MS = 2_000

async function measure(order: ClientOrder): Promise<ClientReport> {
  const client = await clients[order.client](order)
  const topic = `measured-${randomUUID()}`
  await client.createTopic(topic)
  // A topic that has just been made may have no leader yet.
  await pause(1_000)
  const { bytes, seconds, many } = order
  const values = Array.from({ length: many }, () => new Uint8Array(bytes).fill(120))
  const [value] = values
  const oneByOne = async (): Promise<void> => void (await client.send(topic, value!))
  const atOnce = async (): Promise<void> => void (await Promise.all(values.map((each) => client.send(topic, each))))
  const byOneCall = async (): Promise<void> => void (await client.sendAll(topic, values))
  for (const step of [oneByOne, atOnce, byOneCall]) await repeated(step, WARM_MS)
  const single = await repeated(oneByOne, seconds * 1_000)
  const [together, called] = [await repeated(atOnce, seconds * 1_000), await repeated(byOneCall, seconds * 1_000)]
  const report = {
    oneByOne: { perSecond: single.perSecond, p50: quantile(single.took, 0.5), p99: quantile(single.took, 0.99) },
    atOnce: together.perSecond * many,
    byOneCall: called.perSecond * many,
    read: await readBack(client, values, order),
  }
  await client.close()
  return report
}

async function repeated(step: () => Promise<void>, ms: number): Promise<{ perSecond: number; took: number[] }> {
  const took: number[] = []
  const begun = performance.now()
  let now = begun
  while (now - begun < ms) {
    await step()
    const before = now
    now = performance.now()
    took.push(now - before)
  }
  return { perSecond: (took.length / (now - begun)) * 1_000, took }
}

/** Records a second, of a topic that has nothing else, from the call to the last record. */
async function readBack(client: MeasuredClient, values: readonly Uint8Array[], order: ClientOrder): Promise<number> {
  const topic = `read-${randomUUID()}`
  await client.createTopic(topic)
  await pause(1_000)
  const calls = Math.ceil(order.toRead / values.length)
  for (let call = 0; call < calls; call++) await client.sendAll(topic, values)
  await pause(1_000)
  const count = calls * values.length
  const begun = performance.now()
  await client.read(topic, count)
  return (count / (performance.now() - begun)) * 1_000
}

function quantile(numbers: readonly number[], share: number): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor((numbers.length - 1) * share)]!
}

process.on('message', (order: ClientOrder) => {
  measure(order).then(
    (report) => process.send!(report),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})
