import { cpus } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { Producer } from '@tailrace/producer'
import { CascadeProcesses } from '../../e2e/cascade-processes.ts'
import { ClusterProcesses } from '../../e2e/cluster-processes.ts'
import { processorSeconds } from '../../e2e/processor-time.ts'
import { allInSync, topicBecomes, viewTopic } from '../../e2e/topic-view.ts'
import { toolArguments } from '../../tool-arguments.ts'
import { Child } from '../child.ts'
import { median } from '../median.ts'
import { markedValue, nowUs } from './marks.ts'
import type { SubscribersOrder, SubscribersReport } from './subscribers.ts'

const usage = `npm run bench:fan-out -- [--subscribers 1000] [--rate 20] [--bytes 200] [--seconds 6] [--rounds 3] [--cascades 0] [--polls]
Subscribers of one partition, in JSON and in the binary protocol, and beside them the floor: a bare WebSocket server of the library ws that
sends finished frames to as many connections. In each round each of them has its turn; medians of the rounds. On Linux.
  --polls       HTTP long polls too, each asked again as soon as it is answered
  --cascades N  the subscribers are spread over so many cascade brokers; 0: all at the leader. The floor has as many servers`

const { values } = toolArguments(usage, {
  subscribers: { kind: 'number', default: 1000, least: 1 },
  rate: { kind: 'number', default: 20, least: 1 },
  bytes: { kind: 'number', default: 200, least: 30 },
  seconds: { kind: 'number', default: 6, least: 1 },
  rounds: { kind: 'number', default: 3, least: 1 },
  cascades: { kind: 'number', default: 0, least: 0 },
  polls: { kind: 'flag' },
})
const topic = 'fan'
type Kind = SubscribersOrder['kind']
const kinds: readonly Kind[] = ['floor', 'binary', 'json', ...(values.polls ? (['polls'] as const) : [])]

interface Place {
  readonly port: number
  readonly pid: () => number
}

interface Figures {
  readonly perSecond: number
  readonly missing: number
  readonly frames: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly cpuUsPerFrame: number
  readonly cpuUsPerRecord: number
}

/** Sends each record when it is due, and returns how many. */
async function publish(send: (value: string) => void, seconds: number): Promise<number> {
  const start = nowUs()
  let count = 0
  for (;;) {
    const due = start + (count * 1e6) / values.rate
    if (due > start + seconds * 1e6) return count
    const early = due - nowUs()
    if (early > 0) await pause(early / 1000)
    send(markedValue(Math.round(due), values.bytes))
    count++
  }
}

function recordsOf(reports: readonly SubscribersReport[]): number {
  return reports.reduce((sum, report) => sum + report.records, 0)
}

/** Until all of them are there, or none has come for a second. */
async function untilQuiet(groups: readonly Child[], expected = Number.POSITIVE_INFINITY): Promise<SubscribersReport[]> {
  for (let quiet = 0, seen = -1; ; ) {
    const reports = await Promise.all(groups.map((group) => group.ask<SubscribersReport>('report')))
    const records = recordsOf(reports)
    quiet = records === seen ? quiet + 1 : 0
    if (records >= expected || quiet >= 10) return reports
    seen = records
    await pause(100)
  }
}

async function measure(kind: Kind, places: readonly Place[], send: (value: string) => void): Promise<Figures> {
  const groups = places.map(() => new Child('fan-out/subscribers.ts'))
  try {
    const counts = places.map((_, at) => Math.floor((values.subscribers + at) / places.length))
    await Promise.all(
      groups.map((group, at) => {
        const order: SubscribersOrder = { kind, host: '127.0.0.1', port: places[at]!.port, count: counts[at]!, topic }
        return group.ask(order)
      }),
    )
    await publish(send, 1)
    await untilQuiet(groups)
    for (const group of groups) await group.ask('reset')
    const spent = async () => {
      const all = await Promise.all(places.map(({ pid }) => processorSeconds(pid())))
      return all.reduce((sum, seconds) => sum + seconds, 0)
    }
    const before = await spent()
    const began = performance.now()
    const sent = await publish(send, values.seconds)
    const expected = sent * values.subscribers
    const reports = await untilQuiet(groups, expected)
    const records = recordsOf(reports)
    const seconds = (performance.now() - began) / 1000
    const used = (await spent()) - before
    const frames = reports.reduce((sum, report) => sum + report.frames, 0)
    return {
      perSecond: records / seconds,
      missing: expected - records,
      frames,
      p50Ms: Math.max(...reports.map(({ p50Ms }) => p50Ms)),
      p99Ms: Math.max(...reports.map(({ p99Ms }) => p99Ms)),
      cpuUsPerFrame: (used / frames) * 1e6,
      cpuUsPerRecord: (used / records) * 1e6,
    }
  } finally {
    for (const group of groups) group.end()
  }
}

function row(kind: Kind, rounds: readonly Figures[], floors: readonly Figures[]): string {
  const of = (read: (figures: Figures) => number) => median(rounds.map(read))
  const share = median(rounds.map((figures, at) => figures.cpuUsPerRecord / floors[at]!.cpuUsPerRecord))
  const cells = [
    kind === 'floor' ? 'floor: bare ws' : kind,
    Math.round(of(({ perSecond }) => perSecond)).toLocaleString('en'),
    String(rounds.reduce((sum, { missing }) => sum + missing, 0)),
    of(({ p50Ms }) => p50Ms).toFixed(1),
    of(({ p99Ms }) => p99Ms).toFixed(1),
    of(({ cpuUsPerFrame }) => cpuUsPerFrame).toFixed(1),
    of(({ cpuUsPerRecord }) => cpuUsPerRecord).toFixed(1),
    share.toFixed(2),
  ]
  return `| ${cells.join(' | ')} |`
}

const flags = ['--max-connections', '20000']
const cluster = await ClusterProcesses.start({ flags })
const cascade = await CascadeProcesses.inFolder()
const floors = Array.from({ length: Math.max(1, values.cascades) }, () => new Child('fan-out/floor-server.ts'))
try {
  const floorPlaces = await Promise.all(
    floors.map(async (floor): Promise<Place> => ({ port: await floor.answer<number>(), pid: () => floor.pid })),
  )
  await cluster.request(1, 'POST', '/topics', { name: topic, partitions: 1, replicas: 3 })
  await topicBecomes(cluster, 1, topic, allInSync)
  const portOf = (address: string) => Number(address.slice(address.lastIndexOf(':') + 1))
  const { leader } = (await viewTopic(cluster, 1, topic)).partitions[0]!
  const brokerPlaces: Place[] = []
  for (let id = 101; id < 101 + values.cascades; id++) {
    await cascade.add(id, cluster.ids.map((of) => cluster.http(of)).join(','), flags)
    brokerPlaces.push({ port: portOf(cascade.http(id)), pid: () => cascade.pid(id) })
  }
  if (values.cascades > 0) await cascade.ready()
  else brokerPlaces.push({ port: portOf(cluster.http(leader)), pid: () => cluster.pid(leader) })
  const producer = new Producer({ servers: cluster.servers, lingerMs: 0 })
  const figures: Record<Kind, Figures[]> = { floor: [], binary: [], json: [], polls: [] }
  for (let round = 0; round < values.rounds; round++) {
    for (const kind of kinds) {
      const one =
        kind === 'floor'
          ? await measure(kind, floorPlaces, (value) => floors.forEach((floor) => void floor.tell(value)))
          : await measure(kind, brokerPlaces, (value) => void producer.send(topic, { value, partition: 0 }))
      figures[kind].push(one)
    }
  }
  await producer.close()
  const { subscribers, rate, bytes, rounds, cascades } = values
  console.log(
    `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}; ${subscribers} subscribers at ${cascades === 0 ? 'the leader' : `${cascades} cascade brokers`}, ${rate} records/s of ${bytes} B, medians of ${rounds} rounds\n`,
  )
  console.log(
    '| | deliveries/s | missing | p50 ms | p99 ms | CPU of the server, µs a frame | µs a delivered record | of the floor |',
  )
  console.log(`| --- |${' ---: |'.repeat(7)}`)
  for (const kind of kinds) console.log(row(kind, figures[kind], figures.floor))
} finally {
  for (const floor of floors) floor.end()
  await cascade.destroy()
  await cluster.destroy()
}
process.exit(0)
