import { cpus } from 'node:os'
import { ClusterProcesses } from '../../e2e/cluster-processes.ts'
import { toolArguments } from '../../tool-arguments.ts'
import { Child } from '../child.ts'
import { median } from '../median.ts'
import type { ClientOrder, ClientReport } from './measured-process.ts'

const usage = `npm run bench:clients -- [--kafka HOST:PORT,…] [--nats HOST:PORT,…] [--modules FOLDER] [--fsync] [--rounds 3] [--bytes 1000]
[--seconds 5] [--many 1000] [--read 200000]
Client libraries of Node.js with their own defaults, each in a process of its own against three brokers: the SDK against a cluster
that is started here, kafkajs and @platformatic/kafka against the brokers of --kafka, nats.js against the servers of --nats. A topic of one
partition with three replicas each. In each round each client has its turn; medians of the rounds.
  --modules FOLDER  where these are installed: npm install kafkajs @platformatic/kafka @nats-io/transport-node @nats-io/jetstream
  --fsync           topics of Kafka sync each write (flush.messages=1); for NATS its servers' sync_interval says that
  --bytes N         of each record
  --many N          records that are sent at once, and by one call
  --read N          records that are read back`

const { values } = toolArguments(usage, {
  kafka: { kind: 'list' },
  nats: { kind: 'list' },
  modules: { kind: 'text', default: '.' },
  fsync: { kind: 'flag' },
  rounds: { kind: 'number', default: 3, least: 1 },
  bytes: { kind: 'number', default: 1000, least: 1 },
  seconds: { kind: 'number', default: 5, least: 1 },
  many: { kind: 'number', default: 1000, least: 1 },
  read: { kind: 'number', default: 200_000, least: 1 },
})

type ClientName = ClientOrder['client']

function row(name: ClientName, reports: readonly ClientReport[]): string {
  const perSecond = (read: (report: ClientReport) => number) =>
    Math.round(median(reports.map(read))).toLocaleString('en')
  const ms = (read: (report: ClientReport) => number) => median(reports.map(read)).toFixed(2)
  const cells = [
    name,
    perSecond(({ oneByOne }) => oneByOne.perSecond),
    `${ms(({ oneByOne }) => oneByOne.p50)} / ${ms(({ oneByOne }) => oneByOne.p99)}`,
    perSecond(({ atOnce }) => atOnce),
    perSecond(({ byOneCall }) => byOneCall),
    perSecond(({ read }) => read),
  ]
  return `| ${cells.join(' | ')} |`
}

const cluster = await ClusterProcesses.start()
try {
  const { kafka, nats, modules, fsync, rounds, bytes, seconds, many, read } = values
  const reached: [ClientName, readonly string[]][] = [['tailrace', cluster.servers]]
  if (kafka.length > 0) reached.push(['kafkajs', kafka], ['@platformatic/kafka', kafka])
  if (nats.length > 0) reached.push(['nats.js', nats])
  const reports = new Map(reached.map(([client]) => [client, [] as ClientReport[]]))
  for (let round = 0; round < rounds; round++) {
    for (const [client, servers] of reached) {
      const child = new Child('clients/measured-process.ts')
      const order: ClientOrder = { client, servers, modules, synced: fsync, bytes, seconds, many, toRead: read }
      reports.get(client)!.push(await child.ask<ClientReport>(order))
      child.end()
    }
  }
  console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}; records of ${bytes} B\n`)
  console.log(
    `| client | one by one, records/s | p50 / p99 ms | ${many} sends at once, records/s | ${many} by one call | read back, records/s |`,
  )
  console.log('| --- | ---: | ---: | ---: | ---: | ---: |')
  for (const [client, all] of reports) console.log(row(client, all))
} finally {
  await cluster.destroy()
}
process.exit(0)
