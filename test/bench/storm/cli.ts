import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { refuseArguments, toolArguments } from '../../tool-arguments.ts'
import { Child } from '../child.ts'
import { nowUs } from '../fan-out/marks.ts'
import { BareServers } from './bare-servers.ts'
import { CascadeServers } from './cascade-servers.ts'
import type { Kind } from './dialects.ts'
import { LEAST_BYTES } from './numbered-values.ts'
import { PacedPublisher } from './paced-publisher.ts'
import { residentBytes, watchPeak } from './resident-memory.ts'
import type { Counted, Order, State } from './subscribers-process.ts'

const kinds = ['tailrace', 'socket.io', 'ws'] as const
const PROCESSES = 2
/** Files of a process beside its connections. */
const OTHER_FILES = 300
const MOST_WAIT_MS = 120_000
const QUIET_MS = 3_000
const DROPPED_ONE_OF = 100
const MB = 1e6
const KB = 1e3

const usage = `npm run bench:storm -- [--subscribers 10000] [--rate 10] [--bytes 200] [--seconds 15] [--settle 20] [--kill] [--only tailrace|socket.io|ws]
Subscribers on bare sockets at two cascade brokers of Tailrace, at two processes of Socket.IO with recovery of connections, and at two of
the library ws. All connections are cut at once, then one of 100 in each second; what is missed and doubled is counted at each subscriber.
On Linux.
  --kill     also: the processes that serve the subscribers are killed and started again
  --seconds  of each scene, at least
  --settle   seconds until the memory of the servers is read, before and after the subscribers have connected`

const { values } = toolArguments(usage, {
  subscribers: { kind: 'whole number', default: 10_000, least: PROCESSES },
  rate: { kind: 'number', default: 10, least: 1 },
  bytes: { kind: 'whole number', default: 200, least: LEAST_BYTES },
  seconds: { kind: 'number', default: 15, least: 1 },
  settle: { kind: 'number', default: 20 },
  kill: { kind: 'flag' },
  only: { kind: 'text', among: kinds },
})

const subscribersEach = Math.ceil(values.subscribers / PROCESSES)
/** While all connect anew a server may have the old connections as well. */
const filesWanted = 2 * subscribersEach + OTHER_FILES
const filesAllowed = Number(/^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1])
if (filesAllowed < filesWanted) {
  refuseArguments(usage, `a process may open ${filesAllowed} files and needs ${filesWanted}: raise it with ulimit -n`)
}

interface Servers {
  readonly ports: readonly number[]
  pids(): readonly number[]
  publish(value: string): Promise<void>
  restart(): Promise<void>
  close(): Promise<void>
}

interface Scene {
  readonly name: string
  readonly liveSeconds: number | null
  readonly counted: Counted
  readonly refused: number
  readonly p99Ms: number
  readonly peakBytes: number
}

interface Result {
  readonly kind: Kind
  readonly scenes: readonly Scene[]
  readonly idleBytes: number
  readonly loadedBytes: number
}

function startServers(kind: Kind): Promise<Servers> {
  if (kind === 'tailrace') return CascadeServers.start(PROCESSES, subscribersEach)
  return BareServers.start(kind === 'ws' ? 'ws-server.ts' : 'socket-io-server.ts', PROCESSES)
}

function p99(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN
}

/** The subscribers, in as many processes as there are servers. */
class Groups {
  readonly #groups: readonly Child[]
  readonly #total: number

  constructor(total: number) {
    this.#total = total
    this.#groups = Array.from({ length: PROCESSES }, () => new Child('storm/subscribers-process.ts'))
  }

  async open(kind: Kind, ports: readonly number[]): Promise<void> {
    const countOf = (at: number) => Math.floor((this.#total + at) / PROCESSES)
    const orderOf = (at: number): Order => ({ do: 'open', kind, port: ports[at]!, count: countOf(at) })
    await Promise.all(this.#groups.map((group, at) => group.ask(orderOf(at))))
  }

  ask<Answer>(order: Order): Promise<Answer[]> {
    return Promise.all(this.#groups.map((group) => group.ask<Answer>(order)))
  }

  /** When the last of them has become live, or null when it was too long. */
  async allLiveAtUs(): Promise<number | null> {
    for (const deadline = Date.now() + MOST_WAIT_MS; Date.now() < deadline; ) {
      const states = await this.ask<State>({ do: 'state' })
      const live = states.reduce((sum, state) => sum + state.live, 0)
      if (live === this.#total) return Math.max(...states.map(({ liveAtUs }) => liveAtUs))
      await pause(50)
    }
    return null
  }

  /** Until nothing has come for a while; then counts what has come of all records below `end`. */
  async count(end: number): Promise<Counted> {
    for (let seen = -1; ; ) {
      const states = await this.ask<State>({ do: 'state' })
      const records = states.reduce((sum, state) => sum + state.records, 0)
      if (records === seen) break
      seen = records
      await pause(QUIET_MS)
    }
    const all = await this.ask<Counted>({ do: 'count', end })
    const sum = (of: keyof Counted) => all.reduce((total, counted) => total + counted[of], 0)
    return { missed: sum('missed'), doubled: sum('doubled'), late: sum('late') }
  }

  end(): void {
    for (const group of this.#groups) group.end()
  }
}

async function dropForSeconds(groups: Groups): Promise<void> {
  for (let second = 0; second < values.seconds; second++) {
    await groups.ask<number>({ do: 'drop', oneOf: DROPPED_ONE_OF })
    await pause(1_000)
  }
}

async function measure(kind: Kind): Promise<Result> {
  const groups = new Groups(values.subscribers)
  const servers = await startServers(kind)
  const publisher = new PacedPublisher((value) => servers.publish(value), values.rate, values.bytes)
  const scenes: Scene[] = []

  const play = async (name: string, disturb: (() => Promise<unknown>) | null): Promise<void> => {
    const peak = watchPeak(() => servers.pids())
    publisher.start()
    const began = nowUs()
    await disturb?.()
    const liveAt = await groups.allLiveAtUs()
    await pause(Math.max(0, values.seconds * 1000 - (nowUs() - began) / 1000))
    await publisher.stop()
    const peakBytes = peak.end()
    const counted = await groups.count(publisher.next)
    const { refused, waits } = publisher
    const liveSeconds = liveAt === null ? null : (liveAt - began) / 1e6
    scenes.push({ name, liveSeconds, counted, refused, p99Ms: p99(waits), peakBytes })
  }

  try {
    await pause(values.settle * 1000)
    const emptyBytes = residentBytes(servers.pids())
    await groups.open(kind, servers.ports)
    await pause(values.settle * 1000)
    const idleBytes = residentBytes(servers.pids()) - emptyBytes
    await play('undisturbed', null)
    const loadedBytes = scenes[0]!.peakBytes - emptyBytes
    await play('all cut', () => groups.ask({ do: 'cut' }))
    if (values.kill) await play('servers killed', () => servers.restart())
    await play('1 % cut each second', () => dropForSeconds(groups))
    return { kind, scenes, idleBytes, loadedBytes }
  } finally {
    groups.end()
    await servers.close()
  }
}

const results: Result[] = []
for (const kind of kinds) if (values.only === undefined || values.only === kind) results.push(await measure(kind))

const { subscribers, rate, bytes, seconds } = values
const machine = `${cpus().length} x ${cpus()[0]?.model}`
console.log(
  `Node ${process.version}, ${machine}; ${subscribers} subscribers at ${PROCESSES} processes, ${rate} records/s of ${bytes} B, ${seconds} s a scene\n`,
)
console.log(
  '| | | all live again, s | missed | doubled | late | publishes refused | publish p99, ms | of undisturbed | servers at most, MB |',
)
console.log(`| --- | --- |${' ---: |'.repeat(8)}`)
for (const { kind, scenes } of results) {
  for (const { name, liveSeconds, counted, refused, p99Ms, peakBytes } of scenes) {
    const isStorm = name !== 'undisturbed' && !name.startsWith('1 %')
    const cells = [
      name === 'undisturbed' ? kind : '',
      name,
      isStorm ? (liveSeconds?.toFixed(1) ?? 'never') : '',
      counted.missed.toLocaleString('en'),
      counted.doubled.toLocaleString('en'),
      counted.late.toLocaleString('en'),
      refused,
      p99Ms.toFixed(1),
      (p99Ms / scenes[0]!.p99Ms).toFixed(1),
      (peakBytes / MB).toFixed(0),
    ]
    console.log(`| ${cells.join(' | ')} |`)
  }
}
console.log('\n| memory of the servers | idle, KB a subscriber | under load, KB a subscriber |\n| --- | ---: | ---: |')
for (const { kind, idleBytes, loadedBytes } of results) {
  const each = (all: number) => (all / KB / subscribers).toFixed(1)
  console.log(`| ${kind} | ${each(idleBytes)} | ${each(loadedBytes)} |`)
}
process.exit(0)
