import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import * as openTelemetry from '@opentelemetry/api'
import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RecordedSpan, SpanRecorder } from '../../broker/src/start/tracing/testing/span-recorder.ts'
import { CascadeProcesses } from './cascade-processes.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

const folder = mkdtempSync(join(tmpdir(), 'tailrace-spans-'))
const file = join(folder, 'spans')
const before = { NODE_OPTIONS: process.env.NODE_OPTIONS, SPANS_FILE: process.env.SPANS_FILE }
const ofProducer: RecordedSpan[] = []
let cluster: ClusterProcesses
let cascades: CascadeProcesses
let leader: number

beforeAll(async () => {
  writeFileSync(file, '')
  // Brokers get the environment of this process.
  process.env.NODE_OPTIONS = `--import ${resolve(import.meta.dirname, 'record-spans.ts')}`
  process.env.SPANS_FILE = file
  cluster = await ClusterProcesses.start()
  cascades = await CascadeProcesses.inFolder()
  await cluster.request(1, 'POST', '/topics', { name: 'flights', partitions: 1, replicas: 3 })
  leader = (await topicBecomes(cluster, 1, 'flights', allInSync)).partitions[0]!.leader
  await cascades.add(101, cluster.http(1))
  await cascades.ready([101])
  openTelemetry.trace.setGlobalTracerProvider(new SpanRecorder((span) => ofProducer.push(span)))
}, 60_000)

afterAll(async () => {
  for (const [name, value] of Object.entries(before))
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  openTelemetry.trace.disable()
  await cascades?.destroy()
  await cluster?.destroy()
  rmSync(folder, { recursive: true, force: true })
})

/** The spans of brokers that belong to a trace, as "NAME by BROKER". */
function spansOf(traceId: string): string[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  // The last line may not be whole yet.
  const spans = lines.slice(0, -1).map((line) => JSON.parse(line) as RecordedSpan)
  return spans
    .filter((span) => span.traceId === traceId)
    .map(({ name, attributes }) => `${name} by ${attributes['tailrace.broker.id']}`)
    .toSorted()
}

/** Reads a record from a broker; gives its headers. */
async function headersFrom(server: string, value: string): Promise<unknown> {
  const consumer = new Consumer({ servers: [server] })
  try {
    for await (const record of consumer.subscribe('flights', { from: 'earliest', readFrom: 'nearest' }))
      if (record.value === value) return record.headers
    throw new Error('The subscription has ended.')
  } finally {
    await consumer.close()
  }
}

it('one trace leads from the producer over the brokers to readers, of cascade brokers too', async () => {
  // A broker that does not lead forwards what comes over HTTP; the producer goes to the leader itself.
  const producer = new Producer({ servers: cluster.servers, openTelemetry })
  await producer.send('flights', { key: 'SFO', value: 'first' })
  await producer.close()
  const [sent] = ofProducer
  expect(sent!.name).toBe('send flights')
  const traceparent = `00-${sent!.traceId}-${sent!.spanId}-01`
  expect(await headersFrom(`ws://${cascades.http(101)}`, 'first')).toEqual({ traceparent })
  const stages = ['append', 'commit', 'publish'].map((stage) => `${stage} flights by ${leader}`)
  await expect.poll(() => spansOf(sent!.traceId), { timeout: 20_000 }).toEqual(expect.arrayContaining(stages))
  // To the cascade broker, and by it to the reader.
  await expect
    .poll(() => spansOf(sent!.traceId), { timeout: 20_000 })
    .toEqual(expect.arrayContaining([expect.stringMatching(/^deliver flights by [123]$/), 'deliver flights by 101']))
})

it('a trace goes on where one broker forwards to another', async () => {
  const traceId = 'b'.repeat(32)
  const asked = cluster.ids.find((id) => id !== leader)!
  const records = [{ key: 'LAX', value: 'second', headers: { traceparent: `00-${traceId}-${'c'.repeat(16)}-01` } }]
  await cluster.request(asked, 'POST', '/topics/flights/records', { records })
  const stages = [`append flights by ${leader}`, `commit flights by ${leader}`, `publish flights by ${asked}`]
  await expect.poll(() => spansOf(traceId), { timeout: 20_000 }).toEqual(expect.arrayContaining(stages))
  expect(spansOf(traceId).filter((text) => text.startsWith('append'))).toHaveLength(1)
})

it('a trace goes on in the group that handles the record', async () => {
  const producer = new Producer({ servers: cluster.servers, openTelemetry })
  await producer.send('flights', { key: 'JFK', value: 'third' })
  await producer.close()
  const sent = ofProducer.findLast(({ name }) => name === 'send flights')!
  const consumer = new Consumer({ servers: cluster.servers, openTelemetry })
  const handled = consumer.group('tower').run('flights', () => {})
  await expect
    .poll(() => ofProducer.filter(({ traceId }) => traceId === sent.traceId).map(({ name }) => name))
    .toEqual(['send flights', 'process flights'])
  expect(ofProducer.find(({ name, traceId }) => name === 'process flights' && traceId === sent.traceId)).toMatchObject({
    parentSpanId: sent.spanId,
    attributes: { 'messaging.consumer.group.name': 'tower', 'tailrace.attempt': 1 },
  })
  await consumer.close()
  await handled
})
