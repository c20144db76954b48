import { cpus } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { Producer } from '@tailrace/producer'
import { CascadeProcesses } from '../../e2e/cascade-processes.ts'
import { ClusterProcesses } from '../../e2e/cluster-processes.ts'
import { allInSync, topicBecomes, viewTopic } from '../../e2e/topic-view.ts'
import { toolArguments } from '../../tool-arguments.ts'
import { Child } from '../child.ts'
import { markedValue, nowUs } from '../fan-out/marks.ts'
import type { SubscribersOrder, SubscribersReport } from '../fan-out/subscribers.ts'
import { median } from '../median.ts'

const usage = `npm run bench:levels -- [--levels 3] [--rate 2000] [--bytes 1000] [--seconds 5] [--rounds 3]
One subscriber at the leader, and one at a cascade broker of each level, each of which copies from the one above: how much later each
level has a record. Latency counts from the moment a record was due. Medians of the rounds. All processes share the machine.`

const { values } = toolArguments(usage, {
  levels: { kind: 'whole number', default: 3, least: 1 },
  rate: { kind: 'number', default: 2000, least: 1 },
  bytes: { kind: 'number', default: 1000, least: 30 },
  seconds: { kind: 'number', default: 5, least: 1 },
  rounds: { kind: 'number', default: 3, least: 1 },
})
const topic = 'levels'

/** Sends each record when it is due. */
async function publish(send: (value: string) => void, seconds: number): Promise<void> {
  const start = nowUs()
  for (let count = 0; ; count++) {
    const due = start + (count * 1e6) / values.rate
    if (due > start + seconds * 1e6) return
    const early = due - nowUs()
    if (early > 0) await pause(early / 1000)
    send(markedValue(Math.round(due), values.bytes))
  }
}

const cluster = await ClusterProcesses.start()
const cascade = await CascadeProcesses.inFolder()
const subscribers: Child[] = []
try {
  await cluster.request(1, 'POST', '/topics', { name: topic, partitions: 1, replicas: 3 })
  await topicBecomes(cluster, 1, topic, allInSync)
  const addresses = [cluster.ids.map((id) => cluster.http(id)).join(',')]
  for (let level = 1; level <= values.levels; level++) {
    const id = 100 * level + 1
    await cascade.add(id, addresses.at(-1)!)
    await cascade.ready([id])
    addresses.push(cascade.http(id))
  }
  const { leader } = (await viewTopic(cluster, 1, topic)).partitions[0]!
  for (const address of [cluster.http(leader), ...addresses.slice(1)]) {
    const subscriber = new Child('fan-out/subscribers.ts')
    subscribers.push(subscriber)
    const port = Number(address.slice(address.lastIndexOf(':') + 1))
    await subscriber.ask({ kind: 'binary', host: '127.0.0.1', port, count: 1, topic } satisfies SubscribersOrder)
  }
  const producer = new Producer({ servers: cluster.servers, lingerMs: 0 })
  const rounds: SubscribersReport[][] = []
  for (let round = 0; round < values.rounds; round++) {
    await publish((value) => void producer.send(topic, { value, partition: 0 }), 1)
    await pause(1_000)
    for (const subscriber of subscribers) await subscriber.ask('reset')
    await publish((value) => void producer.send(topic, { value, partition: 0 }), values.seconds)
    await pause(1_000)
    rounds.push(await Promise.all(subscribers.map((subscriber) => subscriber.ask<SubscribersReport>('report'))))
  }
  await producer.close()
  console.log(
    `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}; ${values.rate}/s of ${values.bytes} B\n`,
  )
  console.log('| level | records | p50 ms | p99 ms | p50 behind the level above, ms |')
  console.log('| ---: | ---: | ---: | ---: | ---: |')
  for (const level of addresses.keys()) {
    const of = (read: (report: SubscribersReport) => number) => median(rounds.map((reports) => read(reports[level]!)))
    const behind = median(rounds.map((reports) => reports[level]!.p50Ms - (reports[level - 1]?.p50Ms ?? 0)))
    const cells = [of(({ p50Ms }) => p50Ms), of(({ p99Ms }) => p99Ms), behind].map((ms) => ms.toFixed(1))
    console.log(`| ${level} | ${of(({ records }) => records)} | ${cells.join(' | ')} |`)
  }
} finally {
  for (const subscriber of subscribers) subscriber.end()
  await cascade.destroy()
  await cluster.destroy()
}
process.exit(0)
