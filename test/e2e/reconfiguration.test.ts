import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BY_HAND, ClusterProcesses } from './cluster-processes.ts'
import { FlightLoad } from './flight-load.ts'
import { membersBecome, Operator, settledOn, viewMembers } from './operator.ts'
import { digestReplicas } from './replica-bytes.ts'

const ELECTION_MS = 600
const PARTITION = 'flights/0'

let cluster: ClusterProcesses
let operator: Operator
let load: FlightLoad

beforeAll(async () => {
  cluster = await ClusterProcesses.start({ flags: BY_HAND })
  operator = new Operator(cluster)
  await cluster.request(1, 'POST', '/topics', { name: 'flights', partitions: 1, replicas: 3 })
  load = await FlightLoad.start(cluster, 'flights', 3000)
})

afterAll(async () => {
  await load?.abandon()
  await cluster?.destroy()
})

/**
 * No producer waits for three election timeouts, from the beginning of the step until a record sent after it is
 * acknowledged.
 */
async function step(name: string, work: () => Promise<void>): Promise<void> {
  const from = performance.now()
  await work()
  const took = performance.now() - from
  const first = await load.nextAcknowledgement()
  const gap = load.longestGap(from, performance.now())
  const figures = `${took.toFixed(0)} ms, longest time without an acknowledgement ${gap.toFixed(0)} ms, first one after it ${first.toFixed(0)} ms`
  console.log(`${name}: ${figures}`)
  expect(gap).toBeLessThan(3 * ELECTION_MS)
  expect(load.failures).toEqual([])
}

async function change(replicas: number[]): Promise<void> {
  await operator.done('partition', 'change', PARTITION, '--replicas', replicas.join(','))
}

describe('members of a partition under the load of three idempotent producers', () => {
  it('M56: 3 to 5, with two brokers that joined later', async () => {
    expect([await cluster.add(), await cluster.add()]).toEqual([4, 5])
    await step('from 1,2,3 to 1,2,3,4,5', () => change([1, 2, 3, 4, 5]))
    expect(await viewMembers(cluster, 5, PARTITION)).toMatchObject({ stage: 'stable', voters: [1, 2, 3, 4, 5] })
  })

  it('M56, M66: 5 to 3, and the leader is one of the two that leave', async () => {
    const { leader } = (await viewMembers(cluster, 5, PARTITION))!
    const others = [1, 2, 3, 4, 5].filter((id) => id !== leader)
    await step(`from 1,2,3,4,5 to three without the leader, ${leader}`, () => change(others.slice(0, 3)))
    // A broker whose replica was removed learns of the new leader a moment later.
    const isSettled = settledOn(others.slice(0, 3))
    await membersBecome(cluster, 5, PARTITION, (view) => isSettled(view) && view.leader !== leader)
    await change([1, 2, 3])
  })

  it('M58, M61: all three replaced by others in one command, and the leader is killed while that is under way', async () => {
    expect(await cluster.add()).toBe(6)
    const { leader } = (await viewMembers(cluster, 4, PARTITION))!
    // A newcomer that is frozen holds the change where it is.
    cluster.pause(6)
    await operator.done('partition', 'change', PARTITION, '--replicas', '4,5,6', '--no-wait')
    await membersBecome(cluster, 4, PARTITION, ({ stage }) => stage === 'staging')
    const second = await operator.run('partition', 'change', PARTITION, '--replicas', '1,4,5', '--no-wait')
    expect([second.code, second.err]).toEqual([1, expect.stringContaining('error MEMBERS_CHANGING: ')])
    await step(`from 1,2,3 to 4,5,6 with kill -9 of the leader, ${leader}, meanwhile`, async () => {
      await cluster.kill(leader)
      cluster.resume(6)
      await membersBecome(cluster, 4, PARTITION, settledOn([4, 5, 6]))
    })
    await cluster.launch(leader)
    await cluster.ready([leader])
  })

  it('M61: and back, with the leader killed as soon as the change is past catching up', async () => {
    const { leader } = (await viewMembers(cluster, 1, PARTITION))!
    await cluster.request(1, 'PUT', `/topics/flights/partitions/0/members`, { replicas: [1, 2, 3] })
    const moment = await membersBecome(
      cluster,
      leader,
      PARTITION,
      ({ stage, voters }) => stage === 'joint' || stage === 'leaving' || voters.includes(1),
      { everyMs: 0 },
    )
    await step(`from 4,5,6 to 1,2,3 with kill -9 of the leader, ${leader}, when ${moment.stage}`, async () => {
      await cluster.kill(leader)
      await membersBecome(cluster, 1, PARTITION, settledOn([1, 2, 3]))
    })
    await cluster.launch(leader)
    await cluster.ready([leader])
  })

  it('M56: the metadata group moves as well', async () => {
    await step('metadata group from 1,2,3 to 4,5,6', async () => {
      expect(await operator.done('cluster', 'change', '--voters', '4,5,6')).toContain('has members ')
    })
    expect(settledOn([4, 5, 6])((await viewMembers(cluster, 1, 'cluster'))!)).toBe(true)
  })

  it('every record exactly once, in order per key, the same bytes on all replicas, no replica left elsewhere', async () => {
    await load.stop()
    expect(await load.problems(cluster)).toEqual([])
    expect(load.acknowledged).toBeGreaterThan(10_000)
    const { group } = await operator.json<{ group: number }>('partition', 'describe', PARTITION)
    await membersBecome(cluster, 1, PARTITION, settledOn([1, 2, 3]))
    await cluster.stopAll()
    const digests = await Promise.all(cluster.ids.map((id) => digestReplicas(cluster.dataFolder(id))))
    const ofPartition = digests.map((groups) => groups.get(String(group)))
    expect(ofPartition[0]).toMatch(/^\d{6,} bytes of records, sha256 /)
    expect(ofPartition).toEqual([ofPartition[0], ofPartition[0], ofPartition[0], undefined, undefined, undefined])
  })
})
