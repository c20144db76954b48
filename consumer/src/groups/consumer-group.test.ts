import { TestCluster } from '@tailrace/client/testing'
import { Producer } from '@tailrace/producer'
import { TailraceError } from '@tailrace/schemas'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Consumer } from '../consumer.ts'
import type { GroupOptions } from './group-options.ts'
import type { GroupRecord } from './group-record.ts'
import type { GroupSubscription } from './group-subscription.ts'

let cluster: TestCluster
let producer: Producer
let consumers: Consumer[] = []

vi.setConfig({ testTimeout: 60_000 })
const waitFor = <Result>(check: () => Result) => vi.waitFor(check, { timeout: 20_000, interval: 20 })

beforeEach(async () => {
  cluster = await TestCluster.start({ t: 2, u: 1 })
  producer = new Producer({ servers: cluster.servers, lingerMs: 0 })
})
afterEach(async () => {
  await Promise.all(consumers.map((consumer) => consumer.close()))
  consumers = []
  await producer.close()
  await cluster.close()
})

/** A program of its own. Beats by timers, but where a test is about the worker. */
function group(options: GroupOptions & { bytes?: false } = {}) {
  const consumer = new Consumer({ servers: cluster.servers })
  consumers.push(consumer)
  const usual = { heartbeats: 'timers', sessionTimeoutMs: 10_000, autoCommitIntervalMs: 20 } as const
  return consumer.group('g', { ...usual, ...options })
}

const publish = (topic: string, partition: number, ...values: string[]) =>
  producer.sendBatch(
    topic,
    values.map((value) => ({ value, partition })),
  )

async function take(subscription: GroupSubscription<string>, count: number): Promise<GroupRecord[]> {
  const records: GroupRecord[] = []
  for await (const record of subscription) {
    records.push(record)
    if (records.length === count) {
      await record.commit()
      break
    }
  }
  return records
}

const committed = (partition = 0, topic = 't'): number | undefined =>
  [...cluster.group('g').partitions.values()].find((one) => one.topic === topic && one.partition === partition)?.offset
const values = (records: readonly { value: string | null }[]) => records.map(({ value }) => value)

describe('a loop', () => {
  it('reads every record of all topics and patterns, from the start where nothing is committed', async () => {
    await publish('t', 0, 'a', 'b')
    await publish('t', 1, 'c')
    await publish('u', 0, 'd')
    expect(values(await take(group().subscribe(['t', 'u*']), 4)).sort()).toEqual(['a', 'b', 'c', 'd'])
  })

  it('reads what it was made with, whatever becomes of these lists and options', async () => {
    await publish('u', 0, 'a')
    const consumer = new Consumer({ servers: cluster.servers })
    consumers.push(consumer)
    const options = { heartbeats: 'timers' as 'timers' | 'worker', sessionTimeoutMs: 10_000 }
    const topics = ['u']
    const own = consumer.group('g', options)
    const loop = take(own.subscribe(topics), 1)
    options.heartbeats = 'never' as never
    topics[0] = 't'
    expect(values(await loop)).toEqual(['a'])
  })

  it('commits what has been processed, and never before', async () => {
    await publish('t', 0, 'a', 'b', 'c')
    const seen: string[] = []
    for await (const { value } of group().subscribe('t')) {
      seen.push(value!)
      if (value === 'b') {
        await waitFor(() => expect(committed()).toBe(1))
        await new Promise((resolve) => setTimeout(resolve, 60))
        expect(committed()).toBe(1)
      }
      if (value === 'c') break
    }
    expect([seen, committed()]).toEqual([['a', 'b', 'c'], 2])
    expect(values(await take(group().subscribe('t'), 1))).toEqual(['c'])
  })

  it('commits only what it is told to without autoCommit, with metadata', async () => {
    await publish('t', 0, 'a', 'b', 'c')
    for await (const record of group({ autoCommit: false }).subscribe('t')) {
      if (record.value === 'b') await record.commit({ metadata: 'page 7' })
      if (record.value === 'c') break
    }
    expect(committed()).toBe(2)
    const onAssigned = vi.fn()
    expect(values(await take(group({ onAssigned }).subscribe('t'), 1))).toEqual(['c'])
    const [assigned] = onAssigned.mock.calls[0] as [{ partition: number; committed: object }[]]
    expect(assigned.find(({ partition }) => partition === 0)!.committed).toEqual({ offset: 2, metadata: 'page 7' })
  })

  it('gives batches', async () => {
    await publish('t', 0, 'a', 'b', 'c')
    for await (const batch of group().batches('t')) {
      expect(values(batch.records())).toEqual(['a', 'b', 'c'])
      await batch.commit()
      break
    }
    expect(committed()).toBe(3)
  })

  it('begins at the end where it is told to, and a member that comes later leaves out nothing', async () => {
    await publish('t', 0, 'old')
    const first = group({ from: 'latest' })
    const loop = first.subscribe('t')[Symbol.asyncIterator]()
    const waiting = loop.next()
    await waitFor(() => expect([committed(0), committed(1)]).toEqual([1, 0]))
    cluster.group('g').expire([...cluster.group('g').members.keys()][0]!)
    await first.close()
    await waiting
    await publish('t', 0, 'new')
    expect(values(await take(group({ from: 'latest' }).subscribe('t'), 1))).toEqual(['new'])
  })
})

describe('members', () => {
  it('share the partitions, and a newcomer goes on where the others have committed', async () => {
    await publish('t', 0, 'a0')
    await publish('t', 1, 'b0')
    const revoked = vi.fn()
    const first = group({ onRevoked: revoked })
    const seen: string[] = []
    const loop = (async () => {
      for await (const { value } of first.subscribe('t')) seen.push(value!)
    })()
    await waitFor(() => expect(first.counts.assigned).toBe(2))
    await waitFor(() => expect(seen).toHaveLength(2))
    const second = group()
    const others: string[] = []
    const other = (async () => {
      for await (const { value } of second.subscribe('t')) others.push(value!)
    })()
    await waitFor(() => expect([first.assigned.length, second.assigned.length]).toEqual([1, 1]))
    expect(revoked.mock.calls.map(([, reason]) => reason)).toEqual(['revoked'])
    await publish('t', 0, 'a1')
    await publish('t', 1, 'b1')
    await waitFor(() => expect(seen.length + others.length).toBe(4))
    expect([...seen, ...others].sort()).toEqual(['a0', 'a1', 'b0', 'b1'])
    await second.close()
    await waitFor(() => expect(first.assigned).toHaveLength(2))
    await first.close()
    await Promise.all([loop, other])
    expect(cluster.group('g').members.size).toBe(0)
  })

  it('that was taken out finds that out with its next commit, has committed nothing, and joins again', async () => {
    await publish('t', 0, 'a', 'b')
    const onRevoked = vi.fn()
    const member = group({ autoCommit: false, onRevoked })
    const seen: string[] = []
    for await (const record of member.subscribe('t')) {
      seen.push(record.value!)
      if (seen.length === 1) {
        cluster.group('g').expire([...cluster.group('g').members.keys()][0]!)
        await expect(record.commit()).rejects.toMatchObject({ code: 'FENCED_MEMBER' })
        expect(committed()).toBe(-1)
      }
      if (seen.length === 3) break
    }
    expect(seen).toEqual(['a', 'a', 'b'])
    expect(onRevoked.mock.calls.map(([, reason]) => reason)).toContain('lost')
    expect(member.counts.fencedCommits).toBeGreaterThan(0)
  })

  it('with an instance are taken over by the next process of that name; the former one ends', async () => {
    await publish('t', 0, 'a')
    const former = group({ instanceId: 'pod-1' })
    const ending = expect(
      (async () => {
        for await (const _ of former.subscribe('t'));
      })(),
    ).rejects.toMatchObject({ code: 'INSTANCE_TAKEN' })
    await waitFor(() => expect(committed()).toBe(1))
    // Before that the former one may still read and commit it.
    const next = group({ instanceId: 'pod-1', onAssigned: async () => void (await publish('t', 0, 'b')) })
    expect(values(await take(next.subscribe('t'), 1))).toEqual(['b'])
    await ending
    // It has left for now, and its partitions wait for it.
    expect([...cluster.group('g').members.values()].map(({ instance }) => instance)).toEqual(['pod-1'])
  })

  it('with an instance are taken over though the coordinator that was asked has gone since', async () => {
    await publish('t', 0, 'a')
    const former = group({ instanceId: 'pod-1' })
    const ending = expect(
      (async () => {
        for await (const _ of former.subscribe('t'));
      })(),
    ).rejects.toMatchObject({ code: 'INSTANCE_TAKEN' })
    await waitFor(() => expect(committed()).toBe(1))
    cluster.group('g').takeoversForgotten = 1
    const next = group({ instanceId: 'pod-1', onAssigned: async () => void (await publish('t', 0, 'b')) })
    expect(values(await take(next.subscribe('t'), 1))).toEqual(['b'])
    expect(cluster.group('g').takeoversForgotten).toBeLessThan(0)
    await ending
  })

  it('are kept when a commit under a lease of before is refused late', async () => {
    await publish('t', 0, 'a')
    const answered = Promise.withResolvers<void>()
    let assigned = 0
    const member = group({ autoCommit: false, onAssigned: () => void assigned++ })
    const seen: string[] = []
    let committing: Promise<unknown> | undefined
    const loop = (async () => {
      for await (const record of member.subscribe('t')) {
        seen.push(record.value!)
        committing ??= expect(record.commit()).rejects.toMatchObject({ code: 'FENCED_MEMBER' })
      }
    })()
    cluster.group('g').commitsWaitFor = answered.promise
    await waitFor(() => expect(committing).toBeDefined())
    const [former] = cluster.group('g').members.keys()
    cluster.group('g').expire(former!)
    await waitFor(() => expect([assigned, member.assigned.length]).toEqual([2, 2]))
    answered.resolve()
    await committing
    await publish('t', 0, 'b')
    await waitFor(() => expect(seen).toEqual(['a', 'a', 'b']))
    expect(member.counts).toMatchObject({ lost: 2, fencedCommits: 1 })
    await member.close()
    await loop
  })

  it('pause, resume and seek by partition', async () => {
    await publish('t', 0, 'a', 'b', 'c')
    await publish('t', 1, 'x', 'y')
    const member = group({ onAssigned: () => member.seek({ topic: 't', partition: 0 }, 1) })
    const seen: string[] = []
    const loop = (async () => {
      for await (const { value } of member.subscribe('t')) seen.push(value!)
    })()
    await waitFor(() => expect([...seen].sort()).toEqual(['b', 'c', 'x', 'y']))
    member.pause({ topic: 't', partition: 0 })
    await publish('t', 0, 'd')
    await publish('t', 1, 'z')
    await waitFor(() => expect(seen).toContain('z'))
    expect(seen).not.toContain('d')
    member.resume({ topic: 't', partition: 0 })
    await waitFor(() => expect(seen).toContain('d'))
    await waitFor(() => expect(committed(0)).toBe(4))
    seen.length = 0
    member.seek({ topic: 't', partition: 0 }, 2)
    await waitFor(() => expect(seen).toEqual(['c', 'd']))
    expect(committed(0)).toBe(4)
    expect(() => member.pause({ topic: 't', partition: 7 })).toThrow(/not assigned/)
    await member.close()
    await loop
  })

  it('wait for their functions, and end with what these throw', async () => {
    await publish('t', 0, 'a')
    const thrown = new RangeError('no room')
    const onAssigned = vi.fn(async () => {
      await new Promise((resolve) => setTimeout(resolve, 50))
      throw thrown
    })
    await expect(take(group({ onAssigned }).subscribe('t'), 1)).rejects.toBe(thrown)
    expect(onAssigned).toHaveBeenCalledTimes(1)
  })

  it('put records off, and get them again, with the number of the attempt', async () => {
    await publish('t', 0, 'a', 'b')
    const seen: [string, number][] = []
    for await (const record of group().subscribe('t')) {
      seen.push([record.value!, record.attempt])
      if (record.value === 'a' && record.attempt === 1) await record.retryIn('100ms')
      if (record.attempt === 2) {
        await record.commit()
        break
      }
    }
    expect(seen).toEqual([
      ['a', 1],
      ['b', 1],
      ['a', 2],
    ])
    expect([cluster.group('g').delayed.size, committed()]).toEqual([0, 2])
  })
})

it('whose beat is refused by a quota beats again when the broker says so', async () => {
  await publish('t', 0, 'a')
  cluster.group('g').refusals.push(new TailraceError('THROTTLED', undefined, { retryAfterMs: 700 }))
  const started = performance.now()
  await take(group().subscribe('t'), 1)
  expect(performance.now() - started).toBeGreaterThanOrEqual(690)
})

it('that is closed finishes the record that it has, and commits it', async () => {
  await publish('t', 0, 'a', 'b')
  const member = group()
  let closing: Promise<void> | undefined
  const seen: string[] = []
  for await (const { value } of member.subscribe('t')) {
    seen.push(value!)
    closing = member.close()
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(committed()).toBeLessThan(1)
  }
  await closing
  expect([seen, committed(), cluster.group('g').members.size]).toEqual([['a'], 1, 0])
})

describe('a member whose connections have ended', () => {
  /** How long after the end of all brokers' connections the second record is handed out; the brokers come back late. */
  async function heldBack(options: GroupOptions & { bytes?: false }): Promise<number> {
    await publish('t', 0, 'a', 'b')
    const member = group(options)
    let [ended, handedOut] = [0, 0]
    for await (const { value } of member.subscribe('t')) {
      handedOut = performance.now()
      if (value === 'b') break
      await waitFor(() => expect(cluster.group('g').members.size).toBe(1))
      await cluster.brokers[0]!.stop()
      ended = performance.now()
      // Longer than the grace of half a second.
      await new Promise((resolve) => setTimeout(resolve, 600))
      setTimeout(() => void cluster.brokers[0]!.start(), 1_000)
    }
    return handedOut - ended
  }

  it('hands out nothing after the grace, until a beat is answered', async () => {
    expect(await heldBack({})).toBeGreaterThan(1_500)
  })

  it.each([{ leaveOnDisconnect: false }, { instanceId: 'pod-1' }])(
    'goes on for its session with %j',
    async (options) => {
      expect(await heldBack(options)).toBeLessThan(1_500)
    },
  )

  it('beats again at once, although it has nothing to say', async () => {
    cluster.group('g').heartbeatMs = 4_000
    const member = group()
    const loop = (async () => {
      for await (const _ of member.subscribe('t'));
    })()
    await waitFor(() => expect(member.assigned).toHaveLength(2))
    const beats = cluster.group('g').beats.length
    const dropped = performance.now()
    for (const session of cluster.brokers[0]!.sessions) session.drop()
    await waitFor(() => expect(cluster.group('g').beats.length).toBeGreaterThan(beats))
    expect(performance.now() - dropped).toBeLessThan(500)
    const numbers = cluster.group('g').beats.map(({ number }) => number)
    expect(numbers).toEqual(numbers.map((_, at) => at + 1))
    await member.close()
    await loop
  })
})

describe('a stuck handler', () => {
  it('is told once, here and to the coordinator', async () => {
    await publish('t', 0, 'a')
    const onStuck = vi.fn()
    for await (const _ of group({ handlerTimeoutMs: 100, onStuck }).subscribe('t')) {
      await waitFor(() => expect(cluster.group('g').stuck.length).toBeGreaterThan(2))
      break
    }
    expect(onStuck).toHaveBeenCalledExactlyOnceWith({ topic: 't', partition: 0, offset: 0, heldMs: expect.any(Number) })
    expect(cluster.group('g').stuck[0]).toMatchObject({ partition: 0, offset: 0 })
  })

  it('loses the member its partitions if that is asked for, and joins again when it returns', async () => {
    await publish('t', 0, 'a')
    const seen: number[] = []
    for await (const record of group({ handlerTimeoutMs: 100, stuckHandlers: 'leave' }).subscribe('t')) {
      seen.push(record.token)
      if (seen.length === 2) break
      await waitFor(() => expect(cluster.group('g').members.size).toBe(0))
      await expect(record.commit()).rejects.toMatchObject({ code: 'FENCED_MEMBER' })
    }
    expect(seen[1]).toBeGreaterThan(seen[0]!)
  })
})

/** Nothing else of this thread runs meanwhile. */
function beBusy(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

it('a program that is busy would lose its partitions if its own timers sent the beats', async () => {
  await publish('t', 0, 'a')
  const member = group({ heartbeats: 'timers', sessionTimeoutMs: 1_000 })
  for await (const _ of member.subscribe('t')) {
    // In a timer of this thread, in which the coordinator of this test is, too: its own timers, with the session among
    // them, come before a beat that has been sent.
    const { beats } = cluster.group('g')
    const before = beats.length
    await waitFor(() => expect(beats.length).toBeGreaterThan(before))
    beBusy(2_500)
    await waitFor(() => expect(member.counts.lost).toBeGreaterThan(0))
    break
  }
})

it.each([
  [{ form: 'earliest' }, /form/],
  [{ autoCommit: 'no' }, /autoCommit/],
  [{ sessionTimeoutMs: 10 }, /sessionTimeoutMs/],
  [{ onStuck: 1 }, /onStuck/],
  [{ heartbeats: 'process' }, /heartbeats/],
  [{ instanceId: 7 }, /instanceId/],
])('refuses %j', (options, message) => expect(() => group(options as never)).toThrow(message))

it('refuses names that no group, topic or pattern has', () => {
  const consumer = new Consumer({ servers: cluster.servers })
  consumers.push(consumer)
  expect(() => consumer.group('')).toThrow(/group/)
  expect(() => group().subscribe([])).toThrow(/topics/)
  expect(() => group().subscribe('a b')).toThrow(/topic name/)
  expect(() => group().subscribe('a/*')).toThrow(/pattern/)
})
