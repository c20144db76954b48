/**
 * One producer of the benchmark, a process of its own, with nothing but the public SDK. Started with IPC; answers with
 * counts, CPU time and, when paced, the latencies from the moment each record was due (not from when it could be sent:
 * no coordinated omission).
 */
import type { Credentials, TlsOptions } from '@tailrace/client'
import { Producer } from '@tailrace/producer'
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js'

export interface ProducerOrder {
  readonly servers: readonly string[]
  readonly tls?: TlsOptions
  readonly topic: string
  readonly credentials?: Credentials | undefined
  readonly recordBytes: number
  readonly seconds: number
  readonly warmSeconds: number
  /** Records per second, evenly spaced; null: as fast as acknowledgements allow. */
  readonly rate: number | null
  readonly batchBytes: number
  readonly lingerMs: number
  /** Flat out: records that may be unacknowledged. */
  readonly outstanding: number
}

export interface ProducerReport {
  readonly records: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly failures: number
  /** Microseconds; a compressed HdrHistogram. */
  readonly latencies: string
}

const VALUES = 64

function values(bytes: number): Buffer[] {
  return Array.from({ length: VALUES }, (_, seed) =>
    Buffer.from(Array.from({ length: bytes }, (_, at) => 32 + ((at * 7 + seed * 13) % 90))),
  )
}

/** Counts of records between the warm-up and the end. */
class Meter {
  readonly histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000,
    numberOfSignificantValueDigits: 3,
  })
  acknowledged = 0
  failures = 0
  measuring = false

  done(dueMs: number): void {
    if (!this.measuring) return
    this.acknowledged += 1
    this.histogram.recordValue(Math.max(1, Math.round((performance.now() - dueMs) * 1000)))
  }
}

/** Keeps `outstanding` records under way until `end`. */
async function flatOut(producer: Producer, order: ProducerOrder, meter: Meter, end: number): Promise<void> {
  const pool = values(order.recordBytes)
  let underWay = 0
  let wake: (() => void) | null = null
  let count = 0
  while (performance.now() < end) {
    const now = performance.now()
    for (let burst = 0; burst < 256 && underWay < order.outstanding; burst += 1) {
      underWay += 1
      count += 1
      producer.send(order.topic, { value: pool[count % VALUES]! }).then(
        () => {
          underWay -= 1
          meter.done(now)
          if (wake !== null && underWay < order.outstanding / 2) wake()
        },
        () => {
          underWay -= 1
          meter.failures += 1
          if (wake !== null) wake()
        },
      )
    }
    if (underWay >= order.outstanding) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
      wake = null
    } else {
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

/** Sends record n when it is due, however late the records before it are. */
async function paced(producer: Producer, order: ProducerOrder, meter: Meter, end: number): Promise<void> {
  const pool = values(order.recordBytes)
  const start = performance.now()
  let count = 0
  while (performance.now() < end) {
    const due = Math.floor(((performance.now() - start) / 1000) * order.rate!)
    while (count < due) {
      const dueMs = start + (count / order.rate!) * 1000
      count += 1
      producer.send(order.topic, { value: pool[count % VALUES]! }).then(
        () => meter.done(dueMs),
        () => {
          meter.failures += 1
        },
      )
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

async function run(order: ProducerOrder): Promise<void> {
  const { batchBytes, lingerMs, tls } = order
  const producer = new Producer({
    servers: [...order.servers],
    batchBytes,
    lingerMs,
    ...(tls === undefined ? {} : { tls }),
    ...(order.credentials === undefined ? {} : { credentials: order.credentials }),
  })
  const meter = new Meter()
  let began = process.cpuUsage()
  let start = 0
  const warm = setTimeout(() => {
    meter.measuring = true
    began = process.cpuUsage()
    start = performance.now()
    process.send!('measuring')
  }, order.warmSeconds * 1000)
  const end = performance.now() + (order.warmSeconds + order.seconds) * 1000
  await (order.rate === null ? flatOut : paced)(producer, order, meter, end)
  const seconds = (performance.now() - start) / 1000
  const cpu = process.cpuUsage(began)
  if (order.rate === null) meter.measuring = false
  process.send!('measured')
  clearTimeout(warm)
  await producer.close()
  process.send!({
    records: meter.acknowledged,
    seconds,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    failures: meter.failures,
    latencies: encodeIntoCompressedBase64(meter.histogram),
  } satisfies ProducerReport)
}

process.once('message', (order) => void run(order as ProducerOrder))
process.on('disconnect', () => process.exit(0))
