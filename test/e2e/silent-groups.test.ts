import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readMetrics } from '../bench/broker-meter.ts'
import { skipped } from '../runner/skipped.ts'
import { BarePair } from './bare-pair.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { leastShares } from './processor-time.ts'

const noProcessorTime = skipped(
  process.platform !== 'linux',
  "what idle partitions cost: only Linux tells a process's processor time in a file.",
)

const PARTITIONS = 10_000
const WINDOW_MS = 4_000
/** Of several windows the least counts: other work of the machine can only add. */
const WINDOWS = 2
/**
 * After a load V8 collects its whole heap up to three times within some 30 s, for 0.3 s of processor time each, which
 * may fall into two windows (--trace-gc). So of eight windows two have none; mostly the first three are enough.
 */
const MOST_WINDOWS = 8
const MOST_SHARE = 0.03
/** On a slow machine: how often the cost of two bare processes that exchange as many frames, as in idle.test.ts. */
const MOST_OF_BARE = 3
/**
 * Answering costs each broker some tenths of a second with so many replicas, as much as its elections: brokers that are
 * asked without a pause are slower than those that are measured.
 */
const ASK_EVERY_MS = 500

/** More than an election timeout, and than the silence after which a broker counts as gone. */
const STILL_MS = 3_000

let cluster: ClusterProcesses

beforeAll(async () => {
  // On a slow machine not every election is won by the preferred replica; leaderships that return wake their groups.
  cluster = await ClusterProcesses.start({ flags: ['--leader-return-ms', '0'] })
})

afterAll(() => cluster.destroy())

async function sumOf(metric: string, ids = cluster.ids): Promise<number> {
  const all = await Promise.all(ids.map((id) => readMetrics(cluster.http(id))))
  return all.reduce((sum, metrics) => sum + metrics.get(metric)!, 0)
}

async function until(what: string, holds: () => Promise<boolean>, timeoutMs: number, everyMs = 200): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`${what}: not after ${timeoutMs} ms`)
    // Answering costs a broker some milliseconds for each thousand replicas.
    await pause(everyMs)
  }
}

/** Every replica of the metadata group and of `partitions` sleeps. */
function allAsleep(partitions: number): Promise<void> {
  const replicas = (partitions + 1) * cluster.ids.length
  return until(
    `${replicas} replicas are asleep`,
    async () => (await sumOf('tailrace_sleeping_replicas')) === replicas,
    60_000,
  )
}

/** Frames that brokers sent each other, a second, in the quietest of some windows. */
async function framesPerSecond(): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let window = 0; window < WINDOWS; window += 1) {
    const [before, begin] = [await sumOf('tailrace_peer_frames_sent_total'), Date.now()]
    await pause(WINDOW_MS / 2)
    const sent = (await sumOf('tailrace_peer_frames_sent_total')) - before
    least = Math.min(least, (sent * 1000) / (Date.now() - begin))
  }
  return least
}

describe(`M86, M87: three brokers with ${PARTITIONS} idle partitions`, () => {
  it('send each other no more messages than with ten', async () => {
    await cluster.request(1, 'POST', '/topics', { name: 'few', partitions: 10, replicas: 3 })
    await allAsleep(10)
    const few = await framesPerSecond()
    await cluster.request(1, 'POST', '/topics', { name: 'many', partitions: PARTITIONS - 10, replicas: 3 })
    await allAsleep(PARTITIONS)
    const many = await framesPerSecond()
    console.log(
      `frames a second, all brokers: ${few.toFixed(1)} with 10 partitions, ${many.toFixed(1)} with ${PARTITIONS}`,
    )
    expect(many).toBeLessThan(few * 1.2)
  })

  it.skipIf(noProcessorTime)('use less than 3 % of a core each, or three times the floor', async () => {
    const bare = await BarePair.start()
    const [shares, floor] = await Promise.all([
      leastShares(cluster.pids, MOST_WINDOWS, WINDOW_MS, MOST_SHARE),
      leastShares(bare.pids, MOST_WINDOWS, WINDOW_MS),
    ]).finally(() => bare.end())
    const memory = await sumOf('process_resident_memory_bytes')
    console.log(
      `idle with ${PARTITIONS} partitions: ${shares.map((share) => `${(share * 100).toFixed(2)} %`).join(', ')} of a core, ${(memory / 3e6).toFixed(0)} MB each; bare processes: ${floor.map((share) => `${(share * 100).toFixed(2)} %`).join(', ')}`,
    )
    const most = Math.max(MOST_SHARE, MOST_OF_BARE * Math.max(...floor))
    for (const share of shares) expect(share).toBeLessThan(most)
  })

  it('take a record for a sleeping partition at once, and show it', async () => {
    await allAsleep(PARTITIONS)
    await cluster.request(2, 'POST', '/topics/many/records', { records: [{ partition: 7, key: 'k', value: 'woken' }] })
    const read = await cluster.request<{ records: { value: string }[] }>(
      3,
      'GET',
      '/topics/many/partitions/7/records?offset=0',
    )
    expect(read.records.map(({ value }) => value)).toEqual(['woken'])
  })

  it('have a leader for every partition of a dead broker within 3 s', async () => {
    await allAsleep(PARTITIONS)
    const begin = Date.now()
    await cluster.kill(3)
    await pause(ASK_EVERY_MS)
    await until(
      'all groups are led by the two that are left',
      async () => (await sumOf('tailrace_leaderships', [1, 2])) === PARTITIONS + 1,
      10_000,
      ASK_EVERY_MS,
    )
    const took = Date.now() - begin
    console.log(`leaders for all partitions ${took} ms after kill -9`)
    expect(took).toBeLessThan(3_000)
  })

  it('have a leader for every partition again after two of them stood still', async () => {
    const allLed = (): Promise<void> =>
      until(
        'all groups are led',
        async () => (await sumOf('tailrace_leaderships')) === PARTITIONS + 1,
        60_000,
        ASK_EVERY_MS,
      )
    await cluster.launch(3)
    await cluster.ready([3])
    await allLed()
    for (const id of [2, 3]) {
      cluster.pause(id)
      await pause(STILL_MS / 2)
    }
    await pause(STILL_MS)
    for (const id of [2, 3]) {
      cluster.resume(id)
      await pause(STILL_MS / 2)
    }
    const begin = Date.now()
    await allLed()
    console.log(`leaders for all partitions ${Date.now() - begin} ms after two brokers went on`)
  }, 240_000)
})
