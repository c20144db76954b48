import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import type { ClusterProcesses } from './cluster-processes.ts'
import { type Faults, highWatermarks } from './faults.ts'
import { FlightHistory, type Seen } from './flight-history.ts'
import { readFlights } from './flights.ts'
import { digestReplicas } from './replica-bytes.ts'

const PRODUCERS = 3
const PARTITIONS = 6
const READ_ROWS = 100_000

export interface FaultRun {
  readonly cluster: ClusterProcesses
  readonly rows: number
  /** Rows published per second, so that the faults meet records in flight. */
  readonly rowsPerSecond: number
  /** Publishing waits where a slow machine has not had its share of so many faults yet. Default: none. */
  readonly fewestFaults?: number
  readonly startFaults: (topic: string) => Faults
}

export interface FaultOutcome {
  readonly acknowledged: number
  readonly faults: number
  readonly seconds: number
  readonly problems: string[]
  /** For each broker, the digest of each group's bytes. */
  readonly digests: readonly Map<string, string>[]
}

/**
 * Publishes flights, each key always through the same producer so that its order is defined, while faults happen in the
 * cluster; a consumer reads throughout, another one afterwards. Then stops the brokers and compares their bytes.
 */
export async function publishUnderFaults(run: FaultRun): Promise<FaultOutcome> {
  const { cluster, rows } = run
  const topic = 'flights'
  await cluster.request(1, 'POST', '/topics', { name: topic, partitions: PARTITIONS, replicas: 3 })
  const history = new FlightHistory()
  const live = collect(cluster, topic, rows)
  const faults = run.startFaults(topic)
  const began = performance.now()
  await publishAll(run, topic, history, faults)
  const seconds = (performance.now() - began) / 1000
  const count = faults.count
  await faults.stop()
  const total = (await highWatermarks(cluster, topic)).reduce((sum, offset) => sum + offset, 0)
  const problems = total === rows ? [] : [`the topic holds ${total} records instead of ${rows}`]
  problems.push(...history.problems('consumer that ran throughout', await live))
  problems.push(...history.problems('consumer that came afterwards', await collect(cluster, topic, rows)))
  await cluster.stopAll()
  const digests = await Promise.all(cluster.ids.map((id) => digestReplicas(cluster.dataFolder(id))))
  return { acknowledged: history.acknowledgements, faults: count, seconds, problems, digests }
}

async function publishAll(
  { cluster, rows, rowsPerSecond, fewestFaults = 0 }: FaultRun,
  topic: string,
  history: FlightHistory,
  faults: Faults,
): Promise<void> {
  const producers = Array.from({ length: PRODUCERS }, () => new Producer({ servers: cluster.servers }))
  const producerOf = new Map<string, Producer>()
  const failures: unknown[] = []
  const began = performance.now()
  for (let from = 0; from < rows; from += READ_ROWS) {
    for (const flight of await readFlights(from, Math.min(rows, from + READ_ROWS))) {
      const due = began + (flight.row / rowsPerSecond) * 1000
      if (flight.row % 500 === 0 && performance.now() < due) {
        await new Promise((done) => setTimeout(done, due - performance.now()))
      }
      const share = Math.floor((flight.row / rows) * (fewestFaults + 1))
      if (faults.count < share) await faults.reached(share)
      const producer = producerOf.get(flight.key) ?? producers[producerOf.size % PRODUCERS]!
      producerOf.set(flight.key, producer)
      history.sent(flight)
      producer.send(topic, { key: flight.key, value: flight.value }).then(
        (place) => history.acknowledged(flight.row, place),
        (error) => failures.push(error),
      )
    }
  }
  await Promise.all(producers.map((producer) => producer.flush()))
  await Promise.all(producers.map((producer) => producer.close()))
  if (failures.length > 0)
    throw new AggregateError(failures.slice(0, 5), `${failures.length} publishes failed: ${failures[0]}`)
}

/** Reads from the beginning until `rows` records have come. */
export async function collect(cluster: ClusterProcesses, topic: string, rows: number): Promise<Seen[]> {
  const consumer = new Consumer(cluster.sdk)
  const seen: Seen[] = []
  for await (const record of consumer.subscribe(topic, { from: 'earliest' })) {
    seen.push({
      partition: record.partition,
      offset: record.offset,
      key: String(record.key),
      value: String(record.value),
    })
    if (seen.length >= rows) break
  }
  await consumer.close()
  return seen
}
