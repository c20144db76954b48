import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { Producer } from '@tailrace/producer'
import { ClusterProcesses } from '../../e2e/cluster-processes.ts'
import { killLeaders } from '../../e2e/leader-kills.ts'
import { processorSeconds } from '../../e2e/processor-time.ts'
import { toolArguments } from '../../tool-arguments.ts'
import type { Child } from '../child.ts'
import { startBare } from './bare-processes.ts'

const scenes = ['start', 'idle', 'failover'] as const

const usage = `npm run bench:cluster -- [--rounds 3] [--kills 10] [--only start|idle|failover]
Three brokers on this machine: from their start, in empty folders, to the first acknowledged record; what each costs when nothing
happens; and from kill -9 of a leader to the next acknowledged record, with default settings and with those for a local network. The floor
of the first two is three bare processes of Node. Medians of the rounds, in turns. On Linux.`

const { values } = toolArguments(usage, {
  rounds: { kind: 'whole number', default: 3, least: 1 },
  kills: { kind: 'whole number', default: 10, least: 1 },
  only: { kind: 'text', among: scenes },
})
const BROKERS = 3
const SETTLE_MS = 20_000
const WINDOW_MS = 6_000
const MB = 1e6
const localNetwork = ['--election-timeout-ms', '150', '--heartbeat-ms', '60']

const figures = new Map<string, number[]>()

function note(name: string, value: number): void {
  figures.set(name, [...(figures.get(name) ?? []), value])
}

async function start(): Promise<void> {
  const bareBegan = performance.now()
  const bare = await startBare(BROKERS)
  note('start: bare processes, ms', performance.now() - bareBegan)
  for (const child of bare) child.end()
  const began = performance.now()
  const cluster = await ClusterProcesses.start({ brokers: BROKERS })
  try {
    note('start: three brokers ready, ms', performance.now() - began)
    await cluster.request(1, 'POST', '/topics', { name: 'first', partitions: 1, replicas: 3 })
    const producer = new Producer({ servers: cluster.servers, lingerMs: 0 })
    await producer.send('first', { value: 'record' })
    note('start: first record acknowledged, ms', performance.now() - began)
    await producer.close()
  } finally {
    await cluster.destroy()
  }
}

interface Cost {
  /** 0.01: one per cent of a core. */
  readonly share: number
  readonly residentBytes: number
  /** Pages that processes share count in parts. */
  readonly proportionalBytes: number
}

async function costOf(pid: number): Promise<Cost> {
  const before = await processorSeconds(pid)
  await pause(WINDOW_MS)
  const share = ((await processorSeconds(pid)) - before) / (WINDOW_MS / 1000)
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)![1]) * 1024
  return { share, residentBytes: bytes('Rss'), proportionalBytes: bytes('Pss') }
}

async function noteCosts(name: string, pids: readonly number[]): Promise<void> {
  for (const { share, residentBytes, proportionalBytes } of await Promise.all(pids.map(costOf))) {
    note(`idle: ${name}, % of a core`, share * 100)
    note(`idle: ${name}, resident MB`, residentBytes / MB)
    note(`idle: ${name}, proportional MB`, proportionalBytes / MB)
  }
}

async function idle(): Promise<void> {
  const cluster = await ClusterProcesses.start({ brokers: BROKERS })
  const local = await ClusterProcesses.start({ brokers: BROKERS, flags: localNetwork })
  let bare: Child[] = []
  try {
    for (const one of [cluster, local]) {
      await one.request(1, 'POST', '/topics', { name: 'quiet', partitions: 6, replicas: 3 })
    }
    bare = await startBare(BROKERS)
    await pause(SETTLE_MS)
    await noteCosts(
      'bare process',
      bare.map(({ pid }) => pid),
    )
    await noteCosts(
      'broker',
      cluster.ids.map((id) => cluster.pid(id)),
    )
    await noteCosts(
      'broker on a local network',
      local.ids.map((id) => local.pid(id)),
    )
  } finally {
    for (const child of bare) child.end()
    await cluster.destroy()
    await local.destroy()
  }
}

async function failover(): Promise<void> {
  for (const [name, flags] of [
    ['default', []],
    ['local network', localNetwork],
  ] as const) {
    const cluster = await ClusterProcesses.start({ brokers: BROKERS, flags })
    try {
      await cluster.request(1, 'POST', '/topics', { name: 'failover', partitions: 1, replicas: 3 })
      const producer = new Producer({ servers: cluster.servers, lingerMs: 0 })
      const { waits } = await killLeaders(cluster, 'failover', producer, values.kills)
      await producer.close()
      for (const wait of waits) note(`failover: ${name}, ms`, wait)
    } finally {
      await cluster.destroy()
    }
  }
}

const run = { start, idle, failover }
for (let round = 0; round < values.rounds; round += 1) {
  for (const scene of scenes) if (values.only === undefined || values.only === scene) await run[scene]()
}
console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}; ${values.rounds} rounds\n`)
console.log('| | median | least | most |\n| --- | ---: | ---: | ---: |')
for (const [name, all] of figures) {
  const sorted = all.toSorted((a, b) => a - b)
  const cells = [sorted[Math.floor(sorted.length / 2)]!, sorted[0]!, sorted.at(-1)!]
  console.log(`| ${name} | ${cells.map((value) => value.toFixed(value < 10 ? 2 : 0)).join(' | ')} |`)
}
process.exit(0)
