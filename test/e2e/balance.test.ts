import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BalanceDescription } from '../../broker/src/api/upkeep-api.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { EvenLoad } from './even-load.ts'
import { Operator } from './operator.ts'

const PARTITIONS = 30
const AT_REST_MS = 10_000
const PATIENCE_MS = 240_000
/** No publish may wait longer, whatever moves or dies. */
const MOST_PUBLISH_MS = 3_000

let cluster: ClusterProcesses
let operator: Operator
let load: EvenLoad

beforeAll(async () => {
  cluster = await ClusterProcesses.start({ flags: ['--balance-ms', '2000', '--leader-return-ms', '2000'] })
  operator = new Operator(cluster)
  await cluster.request(1, 'POST', '/topics', { name: 'even', partitions: PARTITIONS, replicas: 3 })
  load = new EvenLoad(cluster, 'even', PARTITIONS, 600)
})

afterAll(async () => {
  await load?.stop()
  await cluster?.destroy()
})

const balance = () => operator.json<BalanceDescription>('cluster', 'balance', '--dry-run')

/** The largest distance of a broker from the mean, in percent; brokers that are to be emptied do not count. */
function spreadOf({ brokers }: BalanceDescription, of: 'bytes' | 'leaders' | 'replicas'): number {
  const staying = brokers.filter(({ draining }) => !draining).map((share) => share[of])
  const mean = staying.reduce((sum, some) => sum + some, 0) / staying.length
  return Math.max(...staying.map((some) => (100 * Math.abs(some - mean)) / mean))
}

async function metadataLeader(): Promise<number> {
  const { metadataLeader } = await cluster.request<{ metadataLeader: number }>(cluster.running[0]!, 'GET', '/cluster')
  return metadataLeader
}

/** Polls until the brokers that stay are even and nobody has to move. */
async function levelled(what: string): Promise<BalanceDescription> {
  const from = performance.now()
  for (;;) {
    const now = await balance().catch(() => null)
    if (now !== null && now.moves.length === 0 && spreadOf(now, 'leaders') <= 10 && spreadOf(now, 'bytes') <= 10) {
      const figures = `bytes ${spreadOf(now, 'bytes').toFixed(1)} %, leaders ${spreadOf(now, 'leaders').toFixed(1)} %`
      console.log(`${what}: even after ${((performance.now() - from) / 1000).toFixed(0)} s, ${figures}`)
      console.log(`${what}: the slowest publish so far took ${load.slowestMs.toFixed(0)} ms`)
      return now
    }
    if (performance.now() - from > PATIENCE_MS) throw new Error(`${what}: not even: ${JSON.stringify(now)}`)
    await new Promise((done) => setTimeout(done, 1000))
  }
}

describe('a cluster under load that looks after itself', () => {
  it('two new brokers get their share unasked, while the metadata leader is killed', async () => {
    await new Promise((done) => setTimeout(done, AT_REST_MS))
    console.log(`at rest: the slowest publish took ${load.slowestMs.toFixed(0)} ms`)
    expect([await cluster.add(), await cluster.add()]).toEqual([4, 5])
    await expect
      .poll(async () => (await balance()).brokers.find(({ broker }) => broker === 4)!.replicas, { timeout: 60_000 })
      .toBeGreaterThan(0)
    const killed = await metadataLeader()
    await cluster.kill(killed)
    await cluster.launch(killed)
    await cluster.ready([killed])
    const { brokers } = await levelled('3 to 5')
    expect(brokers.map(({ replicas }) => replicas)).toEqual([18, 18, 18, 18, 18])
    expect(load.failures).toEqual([])
    expect(load.slowestMs).toBeLessThan(MOST_PUBLISH_MS)
  }, 400_000)

  it('two are emptied and taken out, while another broker takes over the metadata', async () => {
    const early = await operator.run('broker', 'remove', '1')
    expect([early.code, early.err]).toEqual([1, expect.stringContaining('holds 18 replicas, of even/')])
    await operator.done('broker', 'drain', '1')
    await operator.done('broker', 'drain', '5')
    const { voters } = await operator.json<{ voters: number[] }>('cluster', 'members')
    const before = await metadataLeader()
    const next = voters.find((id) => id !== before && id !== 1 && id !== 5)!
    const transfer = async () => (await operator.run('cluster', 'transfer', '--to', String(next))).code
    await expect.poll(transfer, { timeout: 60_000 }).toBe(0)
    await levelled('5 to 3')
    for (const id of ['1', '5']) {
      await expect.poll(async () => (await operator.run('broker', 'remove', id)).code, { timeout: 60_000 }).toBe(0)
      await cluster.stop(Number(id))
    }
    const after = await balance()
    expect(after.brokers.map(({ broker, replicas }) => [broker, replicas])).toEqual([
      [2, 30],
      [3, 30],
      [4, 30],
    ])
    expect(spreadOf(after, 'leaders')).toBeLessThanOrEqual(10)
    const left = await operator.json<{ voters: number[] }>('cluster', 'members')
    expect([...left.voters].sort()).toEqual([2, 3, 4])
    expect(load.failures).toEqual([])
  }, 400_000)

  it('nothing is lost, doubled or out of place', async () => {
    await load.stop()
    console.log(`${load.sent} records, the slowest publish took ${load.slowestMs.toFixed(0)} ms`)
    expect(await load.problems(cluster)).toEqual([])
    expect(load.slowestMs).toBeLessThan(MOST_PUBLISH_MS)
  }, 120_000)
})
