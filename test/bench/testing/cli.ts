import { execFile } from 'node:child_process'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Producer } from '@tailrace/producer'
import { startCluster } from '@tailrace/testing'
import { toolArguments } from '../../tool-arguments.ts'

const usage = `npm run bench:testing -- [--runs 20] [--clusters 100]
What a test waits for with @tailrace/testing: in so many processes, one after the other, the time until a cluster of three brokers
has acknowledged its first record; then so many such clusters at once in one process.`

const { values } = toolArguments(usage, {
  runs: { kind: 'number', default: 20, least: 1 },
  clusters: { kind: 'number', default: 100, least: 1 },
})

interface FirstAck {
  readonly imports: number
  readonly cold: number
  readonly total: number
  readonly warm: number
}

const run = promisify(execFile)
const results: FirstAck[] = []
for (let at = 0; at < values.runs; at++) {
  const { stdout } = await run(process.execPath, [join(import.meta.dirname, 'first-ack.ts')])
  results.push(JSON.parse(stdout) as FirstAck)
}
console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}; ${values.runs} processes, ms\n`)
console.log('| | least | median | most |')
console.log('| --- | ---: | ---: | ---: |')
row('the packages are imported', (result) => result.imports)
row('from there to the first acknowledgement', (result) => result.cold)
row('both', (result) => result.total)
row('a later cluster of the same process (the best of five)', (result) => result.warm)

const started = performance.now()
await Promise.all(Array.from({ length: values.clusters }, (_, at) => oneTest(at)))
const seconds = (performance.now() - started) / 1000
console.log(`\n${values.clusters} clusters of three brokers at once, a record each: ${seconds.toFixed(1)} s`)

function row(name: string, read: (result: FirstAck) => number): void {
  const sorted = results.map(read).sort((a, b) => a - b)
  const shown = [sorted[0]!, sorted[Math.floor(sorted.length / 2)]!, sorted.at(-1)!].map((ms) => ms.toFixed(0))
  console.log(`| ${name} | ${shown.join(' | ')} |`)
}

async function oneTest(at: number): Promise<void> {
  const cluster = await startCluster({ brokers: 3 })
  await cluster.createTopic('orders')
  const producer = new Producer({ servers: cluster.servers })
  const { offset } = await producer.send('orders', { value: String(at) })
  if (offset !== 0) throw new Error(`Cluster ${at} has a record of another one.`)
  await producer.close()
  await cluster.close()
}
