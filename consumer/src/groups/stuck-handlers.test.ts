import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { TestCluster } from '@tailrace/client/testing'
import { Producer } from '@tailrace/producer'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Consumer } from '../consumer.ts'
import type { GroupOptions } from './group-options.ts'

let cluster: TestCluster
let producer: Producer
let consumers: Consumer[] = []
let stuck: PromiseWithResolvers<void>

vi.setConfig({ testTimeout: 60_000 })
const waitFor = <Result>(check: () => Result) => vi.waitFor(check, { timeout: 20_000, interval: 20 })

beforeEach(async () => {
  cluster = await TestCluster.start({ t: 2 })
  producer = new Producer({ servers: cluster.servers, lingerMs: 0 })
  stuck = Promise.withResolvers<void>()
})
afterEach(async () => {
  stuck.resolve()
  await Promise.all(consumers.map((consumer) => consumer.close()))
  consumers = []
  await producer.close()
  await cluster.close()
})

const publish = (partition: number, ...values: string[]) =>
  producer.sendBatch(
    't',
    values.map((value) => ({ value, partition })),
  )
const leaseOf = (partition: number) =>
  [...cluster.group('g').partitions.values()].find((one) => one.partition === partition)!
const declined = () => cluster.group('g').beats.flatMap((beat) => beat.declined ?? [])

/** A member of a program of its own, which notes what it handles. It has the record "stuck" until `stuck` resolves. */
function member(options: GroupOptions & { bytes?: false } = {}) {
  const consumer = new Consumer({ servers: cluster.servers })
  consumers.push(consumer)
  const onRevoked = vi.fn()
  const usual = { heartbeats: 'timers', handlerTimeoutMs: 100, autoCommitIntervalMs: 20 } as const
  const group = consumer.group('g', { ...usual, stuckHandlers: 'release', onRevoked, ...options })
  const handled: { partition: number; token: number; value: string | null }[] = []
  const run = group.run(
    't',
    ({ partition, token, value }) => {
      handled.push({ partition, token, value })
      return value === 'stuck' && options.handlerTimeoutMs === undefined ? stuck.promise : undefined
    },
    { concurrency: 4 },
  )
  const values = (partition: number) => handled.filter((one) => one.partition === partition).map(({ value }) => value)
  return { group, run, onRevoked, handled, values }
}
/** Its handlers take the time that they need. */
const patient = { handlerTimeoutMs: 600_000 }

describe('a member that releases', () => {
  it('gives up the partition of the stuck record alone, and goes on with its others under their leases', async () => {
    const slow = member()
    await waitFor(() => expect(slow.group.assigned).toHaveLength(2))
    const { token } = leaseOf(1)
    await publish(0, 'stuck', 'behind')
    await publish(1, 'a')
    await waitFor(() => expect(slow.group.counts.lost).toBe(1))
    const fast = member(patient)
    await waitFor(() => expect(fast.values(0)).toEqual(['stuck', 'behind']))
    await waitFor(() => expect(leaseOf(0).offset).toBe(2))
    await publish(1, 'b')
    await waitFor(() => expect(slow.values(1)).toEqual(['a', 'b']))
    expect(slow.onRevoked).toHaveBeenCalledExactlyOnceWith([{ topic: 't', partition: 0 }], 'lost')
    expect(slow.handled.filter(({ partition }) => partition === 1).map((one) => one.token)).toEqual([token, token])
    expect(slow.group.assigned.map(({ partition }) => partition)).toEqual([1])
    stuck.resolve()
    await waitFor(() => expect(declined().at(-1)!.ended).toBe(true))
    expect(slow.values(0)).toEqual(['stuck'])
    expect(leaseOf(0).offset).toBe(2)
  })

  it('takes the partition again when the handler has returned, under a later token, if nobody else has it', async () => {
    const alone = member()
    await publish(0, 'stuck', 'behind')
    await publish(1, 'a')
    await waitFor(() => expect(leaseOf(0).holder).toBe(''))
    await publish(1, 'b')
    await waitFor(() => expect(alone.values(1)).toEqual(['a', 'b']))
    expect([alone.values(0), alone.group.counts.stuck]).toEqual([['stuck'], 1])
    stuck.resolve()
    await waitFor(() => expect(alone.values(0)).toEqual(['stuck', 'stuck', 'behind']))
    const [before, after] = alone.handled.filter(({ value }) => value === 'stuck')
    expect(after!.token).toBeGreaterThan(before!.token)
    await waitFor(() => expect([leaseOf(0).offset, leaseOf(1).offset]).toEqual([2, 2]))
  })

  it('may be a static one', async () => {
    const named = member({ instanceId: 'pod-1' })
    await publish(0, 'stuck')
    await waitFor(() => expect(leaseOf(0).holder).toBe(''))
    const [id] = cluster.group('g').members.keys()
    stuck.resolve()
    await waitFor(() => expect(named.group.assigned).toHaveLength(2))
    expect([...cluster.group('g').members.keys()]).toEqual([id])
  })

  it('declines the partition still when it was taken out, and has joined again', async () => {
    const slow = member()
    await publish(0, 'stuck')
    await waitFor(() => expect(leaseOf(0).holder).toBe(''))
    const coordinator = cluster.group('g')
    const [id] = coordinator.members.keys()
    coordinator.expire(id!)
    await waitFor(() => expect(coordinator.members.size).toBe(1))
    expect([...coordinator.members.keys()]).not.toContain(id)
    await waitFor(() => expect(slow.group.assigned.map(({ partition }) => partition)).toEqual([1]))
    expect(coordinator.beats.filter(({ epoch }) => epoch === 0).at(-1)!.declined).toHaveLength(1)
    stuck.resolve()
    await waitFor(() => expect(slow.values(0)).toEqual(['stuck', 'stuck']))
  })

  it('leaves the group where an older coordinator would keep the partition for it', async () => {
    const coordinator = cluster.group('g')
    coordinator.heedsDeclined = false
    const slow = member()
    await publish(0, 'stuck')
    await waitFor(() => expect(slow.group.counts.stuck).toBe(1))
    await waitFor(() => expect(coordinator.members.size).toBe(0))
    expect(slow.onRevoked).toHaveBeenCalledExactlyOnceWith(
      expect.arrayContaining([{ topic: 't', partition: 1 }]),
      'lost',
    )
    stuck.resolve()
    await waitFor(() => expect(slow.values(0)).toEqual(['stuck', 'stuck']))
    expect(declined()).toEqual([])
  })

  it('leaves when the coordinator becomes an older one, and comes back when all handlers have returned', async () => {
    const coordinator = cluster.group('g')
    const slow = member()
    await publish(0, 'stuck')
    await waitFor(() => expect(leaseOf(0).holder).toBe(''))
    coordinator.heedsDeclined = false
    await waitFor(() => expect(coordinator.members.size).toBe(0))
    const joined = coordinator.beats.filter(({ epoch }) => epoch === 0).length
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(coordinator.beats.filter(({ epoch }) => epoch === 0)).toHaveLength(joined)
    stuck.resolve()
    await waitFor(() => expect(slow.values(0)).toEqual(['stuck', 'stuck']))
  })
})

it('a program whose thread is blocked gives up the partition by its thread of beats, and commits nothing of it', async () => {
  const script = new URL('testing/blocked-program.ts', import.meta.url)
  const program = new Worker(script, { workerData: { servers: cluster.servers, blockMs: 3_000 } })
  const told: { kind: string; partition?: number; value?: string }[] = []
  program.on('message', (one) => told.push(one))
  await waitFor(() => expect(leaseOf(0)?.holder ?? '').not.toBe(''))
  const { token } = leaseOf(1)
  await publish(0, 'stuck', 'behind')
  await waitFor(() => expect(leaseOf(0).holder).toBe(''))
  const other = member(patient)
  await waitFor(() => expect(other.values(0)).toEqual(['stuck', 'behind']))
  expect(told.filter(({ kind }) => kind === 'returned')).toEqual([])
  expect(leaseOf(1).token).toBe(token)
  await publish(1, 'a')
  await waitFor(() => expect(told).toContainEqual({ kind: 'returned', partition: 1, token, value: 'a' }))
  // What it had of the partition is handed out no more, nor does its commit count.
  expect(told.filter(({ value }) => value === 'behind')).toEqual([])
  await waitFor(() => expect(told).toContainEqual({ kind: 'lost', partitions: 1 }))
  expect([leaseOf(0).offset, cluster.group('g').members.size]).toEqual([2, 2])
  const ended = once(program, 'exit')
  program.postMessage('close')
  await ended
})
