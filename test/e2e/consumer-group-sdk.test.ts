import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { ClusterProcesses } from './cluster-processes.ts'
import { tailrace } from './command-line.ts'
import { faultsOf, type MemberPlan } from './group-history.ts'
import { GroupProcesses } from './group-processes.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

const root = resolve(import.meta.dirname, '../..')
let cluster: ClusterProcesses
let members: GroupProcesses
let producer: Producer

beforeAll(async () => {
  cluster = await ClusterProcesses.start()
  members = new GroupProcesses()
  producer = new Producer({ servers: cluster.servers, lingerMs: 0 })
})
afterAll(async () => {
  await members?.destroy()
  await producer?.close()
  await cluster?.destroy()
})

async function createTopic(name: string, partitions: number): Promise<void> {
  await cluster.request(1, 'POST', '/topics', { name, partitions, replicas: 3 })
  await topicBecomes(cluster, 1, name, allInSync)
}

const publish = (topic: string, partition: number, count: number, from = 0) =>
  producer.sendBatch(
    topic,
    Array.from({ length: count }, (_, i) => ({ partition, value: String(from + i) })),
  )

const plan = (topic: string, options: MemberPlan['options'] = {}): MemberPlan => ({
  servers: cluster.servers,
  group: `group of ${topic}`,
  topic,
  workMs: 20,
  options: { autoCommit: false, sessionTimeoutMs: 1_500, ...options },
})

it('a consumer that stands still for longer than its session is fenced, and has committed nothing since', async () => {
  await createTopic('paused', 1)
  await publish('paused', 0, 50)
  const first = members.start(plan('paused'))
  const handled = (least: number) => () => {
    expect(
      members.all.flatMap(({ events }) => events()).filter(({ kind }) => kind === 'committed').length,
    ).toBeGreaterThan(least)
  }
  await vi.waitFor(handled(5), { timeout: 20_000, interval: 50 })
  const second = members.start(plan('paused'))
  await vi.waitFor(() => expect(second.events().length).toBeGreaterThan(0), { timeout: 10_000 })
  const stoppedAt = await members.standStill(first)
  await vi.waitFor(() => expect(second.events().some(({ kind }) => kind === 'committed')).toBe(true), {
    timeout: 10_000,
    interval: 50,
  })
  const before = first.events().length
  await pause(1_000)
  first.child.kill('SIGCONT')
  const isLost = () => first.events().some((event) => event.kind === 'revoked' && event.reason === 'lost')
  await vi.waitFor(() => expect(isLost()).toBe(true), { timeout: 10_000, interval: 50 })
  const tokens = new Set(first.events().flatMap((event) => (event.kind === 'assigned' ? [event.token] : [])))
  const former = Math.min(...tokens)
  const since = first.events().slice(before)
  expect(
    since.filter((event) => event.kind === 'committed' && event.token === former && event.sentAt > stoppedAt),
  ).toEqual([])
  await publish('paused', 0, 20, 50)
  const ended = () => members.events.filter((event) => event.kind === 'committed').map(({ offset }) => offset)
  await vi.waitFor(() => expect(Math.max(...ended())).toBe(69), { timeout: 20_000, interval: 50 })
  expect(await Promise.all([first, second].map((member) => members.leave(member)))).toEqual([0, 0])
  expect(faultsOf(members.events, [70])).toEqual([])
  const gap = second.events().find(({ kind }) => kind === 'begun')!.at - stoppedAt
  expect(gap).toBeLessThan(4_000)
})

it('a program that computes for longer than its session stays in the group', async () => {
  await createTopic('busy', 2)
  await publish('busy', 0, 1)
  const consumer = new Consumer({ servers: cluster.servers })
  const other = new Consumer({ servers: cluster.servers })
  const stay = async (heartbeats: 'worker' | 'timers'): Promise<number> => {
    const group = consumer.group(`busy with ${heartbeats}`, { heartbeats, sessionTimeoutMs: 1_000 })
    for await (const _ of group.subscribe('busy')) {
      expect(group.heartbeats).toBe(heartbeats)
      for (const end = performance.now() + 3_000; performance.now() < end; );
      await pause(500)
      break
    }
    return group.counts.lost
  }
  expect(await stay('worker')).toBe(0)
  // What the thread is for: timers of a program that computes are late.
  expect(await stay('timers')).toBe(2)
  await consumer.close()
  await other.close()
}, 60_000)

it('a member that is slow delays nobody else', async () => {
  await createTopic('shared', 4)
  const slow = new Consumer({ servers: cluster.servers })
  const fast = new Consumer({ servers: cluster.servers })
  const held = Promise.withResolvers<void>()
  const [one, two] = [slow.group('unequal'), fast.group('unequal')]
  const slowRun = one.run('shared', () => held.promise)
  await vi.waitFor(() => expect(one.assigned).toHaveLength(4), { timeout: 15_000 })
  for (const partition of [0, 1, 2, 3]) await publish('shared', partition, 1)
  await vi.waitFor(() => expect(one.assigned.filter(({ lag }) => lag > 0)).toHaveLength(4), { timeout: 10_000 })
  const seen = new Map<number, number>()
  const fastRun = two.run('shared', ({ partition }) => void seen.set(partition, (seen.get(partition) ?? 0) + 1))
  // With one handler at a time, one partition has the record that is held: the others are free to move.
  await vi.waitFor(() => expect(two.assigned.length).toBeGreaterThan(0), { timeout: 10_000 })
  const mine = two.assigned.map(({ partition }) => partition)
  const started = performance.now()
  for (const partition of mine) await publish('shared', partition, 100, 1)
  await vi.waitFor(() => expect(mine.map((partition) => (seen.get(partition) ?? 0) >= 100)).not.toContain(false), {
    timeout: 10_000,
  })
  expect(performance.now() - started).toBeLessThan(3_000)
  held.resolve()
  await Promise.all([slow.close(), fast.close()])
  await Promise.all([slowRun, fastRun])
}, 60_000)

it('partitions that are added to a topic get a member, and their records come', async () => {
  await createTopic('grown', 1)
  const consumer = new Consumer({ servers: cluster.servers })
  const seen: string[] = []
  const running = consumer.group('growing').run('grown', ({ value }) => void seen.push(value!))
  await publish('grown', 0, 1)
  await vi.waitFor(() => expect(seen).toEqual(['0']), { timeout: 15_000 })
  await cluster.request(1, 'PATCH', '/topics/grown', { partitions: 3 })
  const added = new Producer({ servers: cluster.servers, lingerMs: 0 })
  for (const partition of [1, 2]) await added.send('grown', { partition, value: String(partition) })
  await vi.waitFor(() => expect(seen.sort()).toEqual(['0', '1', '2']), { timeout: 15_000 })
  await Promise.all([consumer.close(), added.close()])
  await running
}, 60_000)

it('a group that begins at the latest record reads partitions that are added from their beginning', async () => {
  await createTopic('latest', 1)
  await publish('latest', 0, 1)
  const consumer = new Consumer({ servers: cluster.servers })
  const added = new Producer({ servers: cluster.servers, lingerMs: 0 })
  const seen: string[] = []
  const group = consumer.group('newest', {
    from: 'latest',
    // Before this member has asked where partition 1 ends.
    onAssigned: async (partitions) => {
      if (partitions.some(({ partition }) => partition === 1))
        await added.send('latest', { partition: 1, value: 'before the lease' })
    },
  })
  const running = group.run('latest', ({ value }) => void seen.push(value!))
  await vi.waitFor(() => expect(group.assigned.map(({ committed }) => committed)).toEqual([1]), { timeout: 15_000 })
  await cluster.request(1, 'PATCH', '/topics/latest', { partitions: 2 })
  await vi.waitFor(() => expect(seen).toEqual(['before the lease']), { timeout: 15_000 })
  await Promise.all([consumer.close(), added.close()])
  await running
}, 60_000)

it('the poison record of many ends among the dead letters, and all others are handled in the order of their keys', async () => {
  const count = 100_000
  await createTopic('mixed', 4)
  const records = Array.from({ length: count }, (_, i) => ({ key: `k${i % 97}`, value: String(i) }))
  for (let from = 0; from < count; from += 10_000) await producer.sendBatch('mixed', records.slice(from, from + 10_000))
  const last = new Map<string, number>()
  const disorder: string[] = []
  const consumer = new Consumer({ servers: cluster.servers })
  const group = consumer.group('careful')
  const run = group.run(
    'mixed',
    ({ key, value }) => {
      if (value === '54321') throw new Error('poison')
      if ((last.get(key!) ?? -1) >= Number(value)) disorder.push(`${value} of ${key} after ${last.get(key!)}`)
      last.set(key!, Number(value))
    },
    { concurrency: 50, orderBy: 'key', retry: { attempts: 4, firstMs: 50 } },
  )
  const finished = () => expect([group.counts.handled, group.counts.deadLetters]).toEqual([count - 1, 1])
  await vi.waitFor(finished, { timeout: 60_000, interval: 100 })
  expect(disorder).toEqual([])
  await vi.waitFor(() => expect(group.assigned.every(({ lag }) => lag === 0)).toBe(true), { timeout: 10_000 })
  await group.close()
  await run
  for await (const { value, headers } of consumer.subscribe('mixed.dlq', { from: 'earliest' })) {
    expect([value, headers['tailrace.dlq.reason'], headers['tailrace.dlq.attempts']]).toEqual(['54321', 'poison', '4'])
    break
  }
  const dlq = async (...args: string[]): Promise<string> => {
    const { code, out, err } = await tailrace(['dlq', ...args, '-s', cluster.http(1)])
    expect([code, err]).toEqual([0, ''])
    return out
  }
  expect(await dlq('list')).toMatch(/^mixed\.dlq +1$/m)
  expect(await dlq('show', 'mixed.dlq')).toMatch(/from mixed \d:\d+, 4 attempts of group careful\n {2}Error: poison\n/)
  expect(await dlq('replay', 'mixed.dlq')).toBe('replayed 1 record of mixed.dlq\n')
  expect(await dlq('list')).toMatch(/^mixed\.dlq +0$/m)
  expect(await dlq('drop', 'mixed.dlq', '--json')).toBe('{"topic":"mixed.dlq","dropped":0}\n')
  const again = consumer.group('careful')
  for await (const { value, headers } of again.subscribe('mixed')) {
    expect([value, headers]).toEqual(['54321', {}])
    break
  }
  await consumer.close()
}, 120_000)

it('the guide: results in a database count once, over members that come, go and are killed', async () => {
  await createTopic('payments', 4)
  const path = join(root, 'docs/guides/consumer-groups.md')
  const blocks = [...(await readFile(path, 'utf8')).matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code)
  await mkdir(join(root, '.tmp'), { recursive: true })
  const folder = await mkdtemp(join(root, '.tmp', 'guide-'))
  await writeFile(join(folder, 'guide.ts'), blocks.join('\n'))
  interface Guide {
    readonly Ledger: new (file: string) => { balances(): Map<string, number>; close(): void }
    readonly bill: (servers: string[], price: (record: object) => Promise<void>, signal: AbortSignal) => Promise<void>
    readonly keepLedger: (servers: string[], topic: string, ledger: object, signal: AbortSignal) => Promise<void>
    readonly notify: (
      servers: string[],
      send: (record: { value: string | null }) => Promise<void>,
    ) => Promise<{ stop: () => Promise<void> }>
  }
  const { Ledger, keepLedger, bill, notify } = (await import(join(folder, 'guide.ts'))) as Guide
  const file = join(folder, 'ledger.sqlite')
  const accounts = Array.from({ length: 400 }, (_, i) => ({ key: `account ${i % 10}`, value: '1' }))
  await producer.sendBatch('payments', accounts)
  const leaving = Array.from({ length: 3 }, () => new AbortController())
  const ledgers = leaving.map(() => new Ledger(file))
  const keeping = ledgers.map((ledger, at) => keepLedger(cluster.servers, 'payments', ledger, leaving[at]!.signal))
  const sum = () => [...ledgers[2]!.balances().values()].reduce((total, amount) => total + amount, 0)
  await vi.waitFor(() => expect(sum()).toBeGreaterThan(0), { timeout: 20_000 })
  leaving[0]!.abort()
  await producer.sendBatch('payments', accounts)
  await vi.waitFor(() => expect(sum()).toBeGreaterThan(400), { timeout: 20_000 })
  leaving[1]!.abort()
  await producer.sendBatch('payments', accounts)
  await vi.waitFor(() => expect(sum()).toBe(1_200), { timeout: 20_000 })
  leaving[2]!.abort()
  await Promise.all(keeping)
  expect([...ledgers[2]!.balances().values()]).toEqual(Array.from({ length: 10 }, () => 120))
  for (const ledger of ledgers) ledger.close()

  await createTopic('flights', 1)
  await createTopic('orders', 1)
  await publish('flights', 0, 3)
  await publish('orders', 0, 3)
  const ended = new AbortController()
  let priced = 0
  const billing = bill(
    cluster.servers,
    async () => {
      if (++priced === 3) ended.abort()
    },
    ended.signal,
  )
  const sent: (string | null)[] = []
  const notifying = await notify(cluster.servers, async ({ value }) => void sent.push(value))
  await vi.waitFor(() => expect(sent).toEqual(['0', '1', '2']), { timeout: 20_000 })
  await notifying.stop()
  await billing
  await rm(folder, { recursive: true })
}, 90_000)
