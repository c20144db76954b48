import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Producer } from '@tailrace/producer'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { BY_HAND, ClusterProcesses } from './cluster-processes.ts'
import { FlightHistory } from './flight-history.ts'
import { type Flight, readFlights } from './flights.ts'
import { membersBecome, Operator, settledOn } from './operator.ts'
import { collect } from './publish-under-faults.ts'
import { digestReplicas } from './replica-bytes.ts'

const PARTITION = 'flights/0'
const ROWS = 2000
const [A, B, C, D, E] = [1, 2, 3, 4, 5] as const

let cluster: ClusterProcesses
let operator: Operator

/** A, B and C decide on metadata, so that these outlive C, D and E; all five hold the partition. */
beforeAll(async () => {
  cluster = await ClusterProcesses.start({ flags: BY_HAND })
  operator = new Operator(cluster)
  await cluster.add()
  await cluster.add()
  await cluster.request(A, 'POST', '/topics', { name: 'flights', partitions: 1, replicas: 5 })
})

afterAll(() => cluster?.destroy())

async function publish(producer: Producer, flights: readonly Flight[], history: FlightHistory): Promise<void> {
  const sent = flights.map(async (flight) => {
    history.sent(flight)
    history.acknowledged(flight.row, await producer.send('flights', { key: flight.key, value: flight.value }))
  })
  await Promise.all(sent)
}

/** Groups of which the broker has a log. */
async function groupsOf(broker: number): Promise<string[]> {
  const folders = await readdir(join(cluster.dataFolder(broker), 'log', 'groups'))
  return folders.map((name) => name.split('-')[0]!)
}

it('M83: C, D and E are killed: A and B are forced to go on with all records that they have; C, D and E come back and drop outdated replicas', async () => {
  const flights = await readFlights(0, 3 * ROWS)
  const history = new FlightHistory()
  const producer = new Producer({ servers: cluster.servers })
  await publish(producer, flights.slice(0, ROWS), history)
  await operator.done('partition', 'transfer', PARTITION, '--to', String(C))
  await membersBecome(cluster, A, PARTITION, ({ leader }) => leader === C)
  const everywhere = history.acknowledgements

  // Forcing the members loses the records that C, D and E acknowledge without A and B.
  await cluster.kill(A)
  await cluster.kill(B)
  const lost = new FlightHistory()
  await publish(producer, flights.slice(ROWS, 2 * ROWS), lost)
  await producer.close()
  expect(lost.acknowledgements).toBe(ROWS)
  for (const broker of [C, D, E]) await cluster.kill(broker)
  await cluster.launch(A)
  await cluster.launch(B)
  await expect.poll(() => operator.run('cluster', 'members').then(({ code }) => code), { timeout: 20_000 }).toBe(0)

  const patient = new Producer({ servers: cluster.servers })
  const waiting = publish(patient, flights.slice(2 * ROWS), history)
  const asked = await operator.run('partition', 'force-members', PARTITION, '--members', '1,2')
  expect([asked.code, asked.err]).toEqual([1, expect.stringContaining('would be lost permanently')])
  const forced = await operator.done(
    'partition',
    'force-members',
    PARTITION,
    '--members',
    '1,2',
    '--i-accept-data-loss',
  )
  expect(forced).toMatch(/^flights\/0 goes on with 1,2 in term \d+, from offset \d+; see: tailrace cluster audit\n$/)
  await membersBecome(cluster, A, PARTITION, settledOn([A, B]))
  await waiting
  await patient.close()

  // They are a majority of the members that they know, but must not act as one any more.
  for (const broker of [C, D, E]) await cluster.launch(broker)
  await cluster.ready()
  const { group } = await operator.json<{ group: number }>('partition', 'describe', PARTITION)
  for (const broker of [C, D, E]) {
    await expect.poll(() => groupsOf(broker), { timeout: 20_000 }).not.toContain(String(group))
  }
  expect((await membersBecome(cluster, E, PARTITION, settledOn([A, B]))).leader).toBeLessThanOrEqual(B)
  const audit = await operator.json<{ action: string; target: string; detail: string }[]>('cluster', 'audit')
  expect(audit[0]).toMatchObject({ action: expect.stringContaining('force'), target: PARTITION })

  // They are taken as new replicas, and get the records of A and B.
  await operator.done('partition', 'change', PARTITION, '--replicas', '1,2,3,4,5')
  expect(history.acknowledgements).toBe(everywhere + ROWS)
  const total = (await operator.json<{ highWatermark: number }>('partition', 'describe', PARTITION)).highWatermark
  expect(history.problems('reader', await collect(cluster, 'flights', total))).toEqual([])
  await membersBecome(cluster, A, PARTITION, settledOn([A, B, C, D, E]))
  await cluster.stopAll()
  const digests = await Promise.all(cluster.ids.map((id) => digestReplicas(cluster.dataFolder(id))))
  const ofPartition = digests.map((groups) => groups.get(String(group)))
  expect(ofPartition).toEqual(cluster.ids.map(() => ofPartition[0]))
})
