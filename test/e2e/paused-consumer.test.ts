import { setTimeout as pause } from 'node:timers/promises'
import { Producer } from '@tailrace/producer'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { ClusterProcesses } from './cluster-processes.ts'
import { faultsOf, type MemberEvent, type MemberPlan } from './group-history.ts'
import { GroupProcesses } from './group-processes.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

const RECORDS = 200
const PAUSE_MS = 30_000
/** Of a record: long enough to stop a process in the middle of it. */
const WORK_MS = 250
let cluster: ClusterProcesses
let members: GroupProcesses

beforeEach(async () => {
  cluster = await ClusterProcesses.start()
  members = new GroupProcesses()
  await cluster.request(1, 'POST', '/topics', { name: 'paused', partitions: 1, replicas: 3 })
  await topicBecomes(cluster, 1, 'paused', allInSync)
  const producer = new Producer({ servers: cluster.servers })
  const records = Array.from({ length: RECORDS }, (_, n) => ({ partition: 0, value: String(n) }))
  await producer.sendBatch('paused', records)
  await producer.close()
}, 60_000)
afterEach(async () => {
  await members?.destroy()
  await cluster?.destroy()
})

const now = (): number => Number(process.hrtime.bigint()) / 1e6
const of = <Kind extends MemberEvent['kind']>(events: readonly MemberEvent[], kind: Kind) =>
  events.filter((event) => event.kind === kind) as Extract<MemberEvent, { kind: Kind }>[]
const waitFor = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 10 })

it.each(['worker', 'timers'] as const)(
  'a consumer that is stopped for 30 s is fenced, finds out at its next call, and has committed nothing since: %s',
  async (heartbeats) => {
    const { servers } = cluster
    // The session is that of the default, 10 s.
    const options = { autoCommit: false, heartbeats }
    const plan: MemberPlan = { servers, group: 'group', topic: 'paused', workMs: WORK_MS, options }
    const first = members.start(plan)
    await waitFor(() => expect(of(first.events(), 'committed').length).toBeGreaterThan(5))
    const second = members.start(plan)
    await waitFor(() => expect(of(second.events(), 'started')).toHaveLength(1))
    // In the middle of a record, so that its next call is the commit of that.
    await waitFor(() => expect(first.events().at(-1)!.kind).toBe('begun'))
    const stoppedAt = await members.standStill(first)
    const before = first.events()
    const held = of(before, 'begun').at(-1)!
    await pause(PAUSE_MS)
    const taken = of(second.events(), 'begun')[0]!
    // The session counts from its last beat, which is half of a session old at most.
    expect(taken.at - stoppedAt).toBeGreaterThan(5_000)
    expect(taken.at - stoppedAt).toBeLessThan(15_000)
    const wokenAt = now()
    first.child.kill('SIGCONT')
    await waitFor(() => expect(of(first.events(), 'revoked')).toHaveLength(1))
    const former = of(before, 'assigned')[0]!.token
    expect(taken.token).toBeGreaterThan(former)
    // The commit of the record that it had is refused; nothing else is begun or committed under its lease.
    await waitFor(() => expect(of(first.events(), 'refused')).toHaveLength(1))
    const since = first.events().slice(before.length)
    expect(of(since, 'revoked')).toMatchObject([{ partition: 0, reason: 'lost' }])
    const [refused] = of(first.events(), 'refused')
    expect(refused).toMatchObject({ code: 'FENCED_MEMBER', offset: held.offset, token: former })
    expect(refused!.at - wokenAt).toBeLessThan(10_000)
    expect(of(since, 'committed').filter(({ token }) => token <= former)).toEqual([])
    expect(of(since, 'begun').filter(({ token }) => token <= former)).toEqual([])
    const last = () => Math.max(...of(members.events, 'committed').map(({ offset }) => offset))
    await vi.waitFor(() => expect(last()).toBe(RECORDS - 1), { timeout: 120_000, interval: 200 })
    expect(await Promise.all([first, second].map((member) => members.leave(member)))).toEqual([0, 0])
    expect(faultsOf(members.events, [RECORDS])).toEqual([])
  },
  240_000,
)
