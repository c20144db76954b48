import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { BY_HAND, ClusterProcesses } from './cluster-processes.ts'
import { FlightLoad } from './flight-load.ts'
import { membersBecome, Operator, settledOn, viewMembers } from './operator.ts'
import { digestReplicas } from './replica-bytes.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

const PARTITIONS = 3

let cluster: ClusterProcesses
let operator: Operator
let load: FlightLoad

beforeAll(async () => {
  cluster = await ClusterProcesses.start({ flags: BY_HAND })
  operator = new Operator(cluster)
  await cluster.request(1, 'POST', '/topics', { name: 'flights', partitions: PARTITIONS, replicas: 3 })
  await topicBecomes(cluster, 1, 'flights', allInSync)
  load = await FlightLoad.start(cluster, 'flights', 2000)
})

afterAll(async () => {
  await load?.abandon()
  await cluster?.destroy()
})

it('M5, M56: the disk of broker 3 is gone: the steps of docs/operations.md, by the command line', async () => {
  await cluster.kill(3)
  await rm(cluster.dataFolder(3), { recursive: true })

  // Its id with an empty folder is refused, and the error says what to do.
  await cluster.launch(3)
  const advice =
    /Broker 3 is known with another data directory.*new --id: it joins as a new broker.*partition change.*remove-broker 3/
  await expect.poll(() => cluster.log(3), { timeout: 10_000 }).toMatch(advice)
  const readiness = await fetch(`http://${cluster.http(3)}/readyz`)
  expect(readiness.status).toBe(503)
  await cluster.kill(3)

  // 1. A new id and the empty folder, at the same address.
  expect(await cluster.add(3)).toBe(4)
  // 2. The new broker takes the place of the old one in every partition.
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const text = await operator.done('partition', 'change', `flights/${partition}`, '--replicas', '1,2,4')
    expect(text).toMatch(new RegExp(`flights/${partition} has members [124,]+\\n$`))
  }
  // 4 is refused before 3.: its vote is still needed.
  const early = await operator.run('cluster', 'remove-broker', '3')
  expect([early.code, early.err]).toEqual([1, expect.stringContaining('error BROKER_IN_USE: ')])
  // 3. The vote in the metadata group.
  await operator.done('cluster', 'change', '--voters', '1,2,4')
  expect(settledOn([1, 2, 4])((await viewMembers(cluster, 1, 'cluster'))!)).toBe(true)
  // 4.
  await operator.done('cluster', 'remove-broker', '3')
  const { brokers } = await operator.json<{ brokers: { id: number; alive: boolean }[] }>('cluster', 'status')
  expect(brokers.map(({ id, alive }) => ({ id, alive }))).toEqual([1, 2, 4].map((id) => ({ id, alive: true })))

  // The new broker counts: with another one down the rest goes on.
  await cluster.kill(1)
  await load.nextAcknowledgement()
  await cluster.launch(1)
  await cluster.ready([1])
  await load.stop()
  expect(await load.problems(cluster)).toEqual([])
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    await membersBecome(cluster, 2, `flights/${partition}`, settledOn([1, 2, 4]))
  }
  await topicBecomes(cluster, 2, 'flights', allInSync)
  await cluster.stopAll()
  const [first, ...others] = await Promise.all([1, 2, 4].map((id) => digestReplicas(cluster.dataFolder(id))))
  expect(first!.size).toBe(PARTITIONS + 1)
  for (const other of others) expect(other).toEqual(first)
})
