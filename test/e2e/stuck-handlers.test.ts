import { Producer } from '@tailrace/producer'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ClusterProcesses } from './cluster-processes.ts'
import type { MemberEvent, MemberPlan } from './group-history.ts'
import { GroupProcesses, type MemberProcess } from './group-processes.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

const PARTITIONS = 4
const LIMIT_MS = 1_000
/** A member beats at least three times a session. */
const SESSION_MS = 6_000
const BEAT_MS = SESSION_MS / 3
/** Until it is noticed that a process has begun or got something, on a machine that others load. */
const NOTICED_MS = 1_500

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

const plan = (topic: string, more: Partial<MemberPlan>): MemberPlan => ({
  servers: cluster.servers,
  group: `group of ${topic}`,
  topic,
  workMs: 5,
  concurrency: PARTITIONS,
  options: { sessionTimeoutMs: SESSION_MS, handlerTimeoutMs: LIMIT_MS, stuckHandlers: 'release' },
  ...more,
})

type Of<Kind extends MemberEvent['kind']> = Extract<MemberEvent, { kind: Kind }>
const eventsOf = <Kind extends MemberEvent['kind']>({ events }: MemberProcess, kind: Kind): Of<Kind>[] =>
  events().filter((event) => event.kind === kind) as Of<Kind>[]
const waitFor = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 30_000, interval: 20 })
/** The partitions that a process has, with the token of each. */
function leasesOf(member: MemberProcess): Map<number, number> {
  const leases = new Map<number, number>()
  for (const event of member.events()) {
    if (event.kind === 'assigned') leases.set(event.partition, event.token)
    else if (event.kind === 'revoked') leases.delete(event.partition)
  }
  return leases
}

async function shared(topic: string, slow: Partial<MemberPlan>) {
  await cluster.request(1, 'POST', '/topics', { name: topic, partitions: PARTITIONS, replicas: 3 })
  await topicBecomes(cluster, 1, topic, allInSync)
  const one = members.start(plan(topic, slow))
  await waitFor(() => expect(leasesOf(one).size).toBe(PARTITIONS))
  const other = members.start(plan(topic, {}))
  await waitFor(() => expect([leasesOf(one).size, leasesOf(other).size]).toEqual([2, 2]))
  const [stuck, kept] = [...leasesOf(one).keys()] as [number, number]
  return { one, other, stuck, kept, token: leasesOf(one).get(kept)! }
}

const send = (topic: string, partition: number, value: string) => producer.send(topic, { partition, value })

describe.each([
  ['a member', {}],
  ['a static member', { instanceId: 'pod-1' }],
])('%s with a handler that waits for long', (name, more) => {
  const topic = name.replaceAll(' ', '-')
  it('gives up that partition within its limit and a beat, handles its others, and takes it again', async () => {
    const options = { ...plan(topic, {}).options, ...more }
    const stuckMs = 8_000
    const { one, other, stuck, kept, token } = await shared(topic, {
      options,
      stuck: { ms: stuckMs, blocksThread: false },
    })
    const held = leasesOf(one).get(stuck)!
    await send(topic, stuck, 'stuck')
    await send(topic, stuck, 'behind')
    for (
      let count = 0;
      eventsOf(other, 'returned').filter(({ partition }) => partition === stuck).length < 2;
      count++
    ) {
      await send(topic, kept, String(count))
      await new Promise((resolve) => setTimeout(resolve, 50))
      if (count > 400) throw new Error('nobody else handles the partition')
    }
    const [begun] = eventsOf(one, 'begun').filter(({ partition }) => partition === stuck)
    const [taken] = eventsOf(other, 'begun').filter(({ partition }) => partition === stuck)
    console.log(`${name}: taken over after ${(taken!.at - begun!.at).toFixed()} ms`)
    expect(taken!.at - begun!.at).toBeLessThan(LIMIT_MS + BEAT_MS + NOTICED_MS)
    expect([taken!.offset, taken!.token > held]).toEqual([0, true])
    // It has handled its other partition all the time, and does still, under the lease that it had.
    const since = eventsOf(one, 'returned').filter(
      ({ partition, at }) => partition === kept && at > taken!.at - LIMIT_MS,
    )
    expect(since.length).toBeGreaterThan(3)
    expect(new Set(eventsOf(one, 'begun').flatMap((event) => (event.partition === kept ? [event.token] : [])))).toEqual(
      new Set([token]),
    )
    // Two went to the other one, each told once, and one was given up.
    const revoked = eventsOf(one, 'revoked').map(({ reason }) => reason)
    expect([eventsOf(one, 'assigned').length, revoked]).toEqual([PARTITIONS, ['revoked', 'revoked', 'lost']])

    await waitFor(() => expect(eventsOf(one, 'returned').some(({ partition }) => partition === stuck)).toBe(true))
    await waitFor(() => expect([leasesOf(one).size, leasesOf(other).size]).toEqual([2, 2]))
    expect(leasesOf(one).get(kept)).toBe(token)
    // Nothing comes again: what the other one has handled is committed, and the late handler has changed nothing.
    await send(topic, stuck, 'last')
    const ends = () =>
      [one, other].flatMap((some) => eventsOf(some, 'returned')).filter((end) => end.partition === stuck)
    await waitFor(() => expect(ends().map(({ offset }) => offset)).toContain(2))
    expect(
      ends()
        .map(({ offset }) => offset)
        .sort(),
    ).toEqual([0, 0, 1, 2])
    expect(await Promise.all([one, other].map((some) => members.leave(some)))).toEqual([0, 0])
  }, 120_000)
})

it('a program whose thread is blocked gives up that partition, by its thread of beats', async () => {
  const blocked = { stuck: { ms: 7_000, blocksThread: true } }
  const { one, other, stuck, kept, token } = await shared('blocked', blocked)
  await send('blocked', stuck, 'stuck')
  const begun = () =>
    [one, other].flatMap((some) => eventsOf(some, 'begun')).filter((event) => event.partition === stuck)
  await waitFor(() => expect(begun()).toHaveLength(2))
  const [first, second] = begun()
  console.log(`blocked: taken over after ${(second!.at - first!.at).toFixed()} ms`)
  expect(second!.at - first!.at).toBeLessThan(LIMIT_MS + BEAT_MS + NOTICED_MS)
  expect(eventsOf(one, 'returned').filter(({ partition }) => partition === stuck)).toEqual([])
  // It is a member still, and goes on with its other partition when its thread can.
  await send('blocked', kept, 'a')
  await waitFor(() => expect(eventsOf(one, 'returned').filter(({ partition }) => partition === kept)).toHaveLength(1))
  expect(eventsOf(one, 'returned').at(-1)).toMatchObject({ partition: kept, token })
  await waitFor(() => expect([leasesOf(one).size, leasesOf(other).size]).toEqual([2, 2]))
  expect(await Promise.all([one, other].map((some) => members.leave(some)))).toEqual([0, 0])
}, 120_000)
