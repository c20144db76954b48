import { cpus } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { ClusterProcesses } from '../../e2e/cluster-processes.ts'
import { leastShares } from '../../e2e/processor-time.ts'
import { toolArguments } from '../../tool-arguments.ts'
import { readMetrics } from '../broker-meter.ts'
import { Child } from '../child.ts'
import type { SubscribersOrder } from '../fan-out/subscribers.ts'

const usage = `npm run bench:idle -- [--subscribers 4500] [--partitions 1000] [--settle 45] [--seconds 15] [--windows 3]
What brokers cost while nothing happens: three brokers that lead the partitions of a topic, and a fourth one without any
replica, at which subscribers wait, each at one partition. Before they come, and with them, in per cent of a core: of
several windows the least. On Linux.
  --settle N  seconds before the first window: an end counts as idle after 30`

const { values } = toolArguments(usage, {
  subscribers: { kind: 'number', default: 4500, least: 1 },
  partitions: { kind: 'number', default: 1000, least: 1 },
  settle: { kind: 'number', default: 45, least: 0 },
  seconds: { kind: 'number', default: 15, least: 1 },
  windows: { kind: 'number', default: 3, least: 1 },
})
const topic = 'idle'

const cluster = await ClusterProcesses.start({ flags: ['--max-connections', '20000'] })
const group = new Child('fan-out/subscribers.ts')
try {
  const { subscribers, partitions, settle, seconds, windows } = values
  await cluster.request(1, 'POST', '/topics', { name: topic, partitions, replicas: 1 })
  const id = await cluster.add()
  const row = async (name: string): Promise<void> => {
    await pause(settle * 1000)
    const shares = await leastShares(cluster.pids, windows, seconds * 1000)
    console.log(`| ${name} | ${shares.map((share) => (share * 100).toFixed(2)).join(' | ')} |`)
  }
  console.log(
    `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}; ${partitions} partitions, per cent of a core\n`,
  )
  console.log(`| | ${cluster.ids.map((of) => (of === id ? 'broker without replicas' : `leader ${of}`)).join(' | ')} |`)
  console.log(`| --- |${' ---: |'.repeat(cluster.ids.length)}`)
  await row('nobody')
  const port = Number(cluster.http(id).split(':')[1])
  const order: SubscribersOrder = { kind: 'json', host: '127.0.0.1', port, count: subscribers, topic, partitions }
  await group.ask(order)
  await row(`${subscribers} subscribers`)
  // A client that misses a ping is gone by now.
  const left = (await readMetrics(cluster.http(id))).get('tailrace_websocket_subscriptions{transport="websocket_json"}')
  console.log(`\n${left} of ${subscribers} subscribers were there at the end`)
} finally {
  group.end()
  await cluster.destroy()
}
process.exit(0)
