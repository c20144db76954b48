import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BY_HAND, ClusterProcesses } from './cluster-processes.ts'
import { tailrace } from './command-line.ts'

/**
 * The steps of an operator on a cluster under load, in this order: one more broker, its replicas, its leaders, and
 * forced members.
 */
let cluster: ClusterProcesses
let load: Load
let server: string

beforeAll(async () => {
  cluster = await ClusterProcesses.start({ flags: BY_HAND })
  server = cluster.http(2)
  await cluster.request(1, 'POST', '/topics', { name: 'm', partitions: 1, replicas: 3 })
  load = new Load()
}, 60_000)

afterAll(async () => {
  await load?.stop()
  await cluster?.destroy()
})

/** Publishes without a pause, and keeps the acknowledged records. */
class Load {
  readonly #producer = new Producer({ servers: cluster.servers, lingerMs: 1 })
  readonly #values: string[] = []
  readonly #failures: unknown[] = []
  #isOver = false
  readonly #done = this.#run()

  /** Acknowledged values by offset. */
  get acknowledged(): readonly string[] {
    return this.#values
  }

  get failures(): readonly unknown[] {
    return this.#failures
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await this.#done
    await this.#producer.close()
  }

  async #run(): Promise<void> {
    for (let n = 0; !this.#isOver; n++) {
      const records = Array.from({ length: 20 }, (_, i) => ({ value: `${n}-${i}`.padEnd(200, '.') }))
      try {
        const sent = await this.#producer.sendBatch('m', records)
        for (const [i, { offset }] of sent.entries()) this.#values[offset] = records[i]!.value
      } catch (error) {
        this.#failures.push(error)
      }
    }
  }
}

async function command(...args: string[]) {
  return tailrace([...args, '-s', server])
}

async function json<Answer>(...args: string[]): Promise<Answer> {
  const { code, out, err } = await command(...args, '--json')
  expect([args, code, err]).toEqual([args, 0, ''])
  return JSON.parse(out) as Answer
}

interface Members {
  leader: number
  stage: string
  voters: number[]
  members: { broker: number; caughtUp: boolean }[]
}

const sorted = (brokers: number[]) => [...brokers].sort((a, b) => a - b)

/** Reads the partition from its start to the last record that was acknowledged when this was called. */
async function readAll(readFrom: 'leader' | 'nearest'): Promise<void> {
  const expected = [...load.acknowledged]
  const consumer = new Consumer({ servers: cluster.servers })
  let at = 0
  for await (const { offset, value } of consumer.subscribe('m', { from: 'earliest', readFrom })) {
    expect(offset).toBe(at)
    // A hole: published, and acknowledged after `expected` was copied.
    if (expected[at] !== undefined) expect(value).toBe(expected[at])
    if (++at >= expected.length) break
  }
  await consumer.close()
}

describe('members under load', () => {
  it('move to a broker that joined later, and no acknowledged record is missing', async () => {
    await expect.poll(() => load.acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(1000)
    expect(await cluster.add()).toBe(4)
    const change = await command('partition', 'change', 'm/0', '--replicas', '2,3,4')
    expect([change.code, change.err]).toEqual([0, ''])
    expect(change.out).toMatch(/^m\/0: from [123,]+ to 2,3,4\n/)
    expect(change.out).toMatch(/m\/0 has members [234,]+\n$/)
    const members = await json<Members>('partition', 'members', 'm/0')
    expect([sorted(members.voters), members.stage]).toEqual([[2, 3, 4], 'stable'])
    expect([2, 3, 4]).toContain(members.leader)
    await readAll('leader')
    expect(load.failures).toEqual([])
  }, 90_000)

  it('transfer the leadership to the named broker', async () => {
    expect(await json('partition', 'transfer', 'm/0', '--to', '4')).toEqual({ leader: 4 })
    expect((await json<Members>('partition', 'members', 'm/0')).leader).toBe(4)
    await readAll('nearest')
    expect(load.failures).toEqual([])
  }, 60_000)

  it('are described: roles, progress, newest entries, the report of each replica', async () => {
    const { code, out } = await command('partition', 'describe', 'm/0')
    expect(code).toBe(0)
    expect(out).toMatch(/^leader {4}broker 4, term \d+$/m)
    expect(out).toMatch(/^ +\d+ +\d+ +records +\d[\d-]* +\d+ +(applied|committed|uncommitted)$/m)
    for (const broker of [2, 3, 4]) expect(out).toMatch(new RegExp(`^ +${broker} +(leader|follower) `, 'm'))
    const described = await json<{ replicas: { broker: number }[] }>('partition', 'describe', 'm/0')
    expect(sorted(described.replicas.map(({ broker }) => broker))).toEqual([2, 3, 4])
  }, 30_000)

  it('take a snapshot and a priority', async () => {
    const snapshot = await command('partition', 'snapshot', 'm/0', '--broker', '3')
    expect(snapshot).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/to entry \d+/) })
    const priority = await command('partition', 'priority', 'm/0', '--broker', '3', '--factor', '3')
    expect([priority.code, priority.err]).toEqual([0, ''])
  }, 30_000)

  it('of the metadata group change as well', async () => {
    const change = await command('cluster', 'change', '--voters', '1,2,4')
    expect([change.code, change.err]).toEqual([0, ''])
    expect(sorted((await json<Members>('cluster', 'members')).voters)).toEqual([1, 2, 4])
  }, 60_000)
})

describe('a record that was sent', () => {
  it('is read by its token from the holders, also while the leader is frozen', async () => {
    const producer = new Producer({ servers: cluster.servers, lingerMs: 0 })
    const consumer = new Consumer({ servers: cluster.servers })
    const sent = await producer.send('m', { value: 'mine' })
    expect(sent.token).toMatch(/^\d+-\d+-[0-9a-f]{16}$/)
    expect(sent.holders.length).toBeGreaterThanOrEqual(2)
    expect((await consumer.read('m', sent)).records[0]!.value).toBe('mine')
    const again = await producer.send('m', { value: 'mine again' })
    const { leader } = await json<Members>('partition', 'members', 'm/0')
    cluster.pause(leader)
    const found = await consumer.read('m', again, { hedgeAfterMs: 50 })
    cluster.resume(leader)
    expect(found.records[0]!.value).toBe('mine again')
    await producer.close()
    await consumer.close()
  }, 30_000)
})

describe('force-members', () => {
  it('is refused while a majority lives', async () => {
    const { code, err } = await command('partition', 'force-members', 'm/0', '--members', '2', '--i-accept-data-loss')
    expect([code, err]).toEqual([1, expect.stringContaining('error QUORUM_ALIVE: ')])
  }, 30_000)

  it('says which records would be lost, then makes the rest go on, and records it in the audit', async () => {
    await load.stop()
    await cluster.kill(3)
    await cluster.kill(4)
    const asked = await command('partition', 'force-members', 'm/0', '--members', '2')
    expect([asked.code, asked.err]).toEqual([1, expect.stringContaining('would be lost permanently')])
    expect(asked.err).toMatch(/Broker 2 has entries to \d+ and knows offsets below \d+ as committed\./)
    await expect
      .poll(() => command('partition', 'force-members', 'm/0', '--members', '2', '--i-accept-data-loss'), {
        timeout: 30_000,
        interval: 500,
      })
      .toMatchObject({ code: 0 })
    const producer = new Producer({ servers: cluster.servers })
    const { offset } = await producer.send('m', { value: 'after' })
    expect(offset).toBeGreaterThanOrEqual(load.acknowledged.length)
    await producer.close()
    const audit = await json<{ action: string; target: string }[]>('cluster', 'audit')
    expect(JSON.stringify(audit)).toContain('m/0')
  }, 90_000)
})
