import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { TestCluster } from '@tailrace/client/testing'
import * as Sdk from '@tailrace/sdk'
import { build } from 'esbuild'
import { expect, it, onTestFinished } from 'vitest'

const record = { key: 'k', value: 'ü' }

/** What becomes of the files that are loaded later: nothing, or they are missing, or do not come to an end. */
type Later = (path: string) => 'there' | 'missing' | 'endless'

/** The SDK as a bundler splits it for a page. */
async function pageOf(become: Later): Promise<typeof Sdk> {
  const folder = mkdtempSync(join(tmpdir(), 'tailrace-page-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const { metafile } = await build({
    stdin: { contents: `export * from '@tailrace/sdk'`, resolveDir: import.meta.dirname },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    metafile: true,
    absWorkingDir: folder,
  })
  const needed = new Set<string>()
  const need = (path: string): void => {
    if (needed.has(path)) return
    needed.add(path)
    for (const one of metafile.outputs[path]!.imports) if (one.kind === 'import-statement') need(one.path)
  }
  need('stdin.mjs')
  const later = Object.keys(metafile.outputs).filter((path) => !needed.has(path))
  expect(later.length).toBeGreaterThan(5)
  for (const path of later) {
    const file = join(folder, path)
    if (become(path) === 'missing') rmSync(file)
    else if (become(path) === 'endless') writeFileSync(file, 'await new Promise(() => {})')
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  return (await import(/* @vite-ignore */ pathToFileURL(join(folder, 'stdin.mjs')).href)) as typeof Sdk
}

/** What is loaded when it is needed, each with one record in the topic. Resolves with a value that was read. */
const uses: Record<string, (sdk: typeof Sdk, servers: string[]) => Promise<unknown>> = {
  'a member of a group': ({ Consumer }, servers) =>
    first(new Consumer({ servers }), (one) => one.group('g').subscribe('t')),
  'several topics': ({ Consumer }, servers) =>
    first(new Consumer({ servers }), (one) => {
      const topics = ['t']
      const reading = one.subscribe(topics, { from: 'earliest' })
      topics.length = 0
      return reading
    }),
  'a loop with an end': ({ Consumer }, servers) =>
    first(new Consumer({ servers }), (one) => one.subscribe('t', { until: 'end' })),
  'a place in time': ({ Consumer }, servers) =>
    first(new Consumer({ servers }), (one) => {
      const partitions = [0]
      const reading = one.subscribe('t', { from: new Date(0), partitions })
      partitions[0] = 7
      return reading
    }),
  'cascade brokers': ({ Consumer }, servers) =>
    first(new Consumer({ servers, level: 'nearest' }), (one) => one.subscribe('t', { from: 'earliest' })),
  'the nearest broker': ({ Consumer }, servers) =>
    first(new Consumer({ servers }), (one) => one.subscribe('t', { from: 'earliest', readFrom: 'nearest' })),
  'one place': async ({ Consumer }, servers) => {
    await using consumer = new Consumer({ servers })
    return (await consumer.read('t', { partition: 0, offset: 0 })).records[0]?.value
  },
  'another place in a loop': ({ Consumer }, servers) => seeking(new Consumer({ servers }), 't'),
  'another place in a loop over topics': ({ Consumer }, servers) => seeking(new Consumer({ servers }), ['t']),
  'a fence': async ({ Producer }, servers) => {
    await using producer = new Producer({ servers })
    return (await producer.fence('t', 0, 7)) === 1 ? record.value : undefined
  },
  'a condition': async ({ Producer }, servers) => {
    await using producer = new Producer({ servers })
    const conditional = producer.send('t', record, { partition: 0, expectedOffset: 1 })
    const [sent, next] = await Promise.all([conditional, producer.send('t', record)])
    return sent.offset === 1 && next.offset === 2 ? record.value : undefined
  },
  'a span': async ({ Producer }, servers) => {
    const spans: string[] = []
    await using producer = new Producer({ servers, openTelemetry: apiOf(spans) })
    await producer.send('t', record)
    await producer.send('t', record)
    return String(spans) === 'send t,end,send t,end' ? record.value : undefined
  },
  'a compressed record': async ({ Producer }, servers) => {
    await using producer = new Producer({ servers, compression: 'gzip' })
    return (await producer.send('t', record)).offset >= 1 ? record.value : undefined
  },
}

/** What tells of spans that begin and end. */
function apiOf(spans: string[]): Sdk.OpenTelemetryApi {
  const span = {
    spanContext: () => ({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 }),
    end: () => void spans.push('end'),
  }
  const startSpan = (name: string) => {
    spans.push(name)
    return span
  }
  const context = { active: () => undefined, with: () => undefined }
  const kinds = { SpanKind: { PRODUCER: 3, CONSUMER: 4 }, SpanStatusCode: { ERROR: 2 } }
  return { trace: { getTracer: () => ({ startSpan }) }, context, ...kinds } as unknown as Sdk.OpenTelemetryApi
}

async function first(
  consumer: Sdk.Consumer,
  open: (consumer: Sdk.Consumer) => AsyncIterable<{ value: string | null }>,
): Promise<unknown> {
  await using closing = consumer
  return await firstOf(open(closing))
}

/** The first record that is read of the topic, from behind its end back to the beginning. */
async function seeking(consumer: Sdk.Consumer, topic: string | string[]): Promise<unknown> {
  await using closing = consumer
  const place = { partition: 0, offset: 0 }
  if (typeof topic === 'string') {
    const loop = closing.subscribe(topic)
    await loop.seek(place)
    return await firstOf(loop)
  }
  const loop = closing.subscribe(topic)
  await loop.seek({ topic: topic[0]!, ...place })
  loop.pause([{ topic: 't', partition: 0 }])
  expect(loop.paused).toEqual([{ topic: 't', partition: 0 }])
  loop.resume()
  expect([loop.topics, loop.lag().total, loop.position().get('t')?.get(0)]).toEqual([['t'], 1, 0])
  return await firstOf(loop)
}

async function firstOf(records: AsyncIterable<{ value: string | null }>): Promise<unknown> {
  for await (const { value } of records) return value
  return 'the end'
}

/** A topic `t` of one partition, with one record, which the page has published and read. */
async function started({ Consumer, Producer }: typeof Sdk): Promise<string[]> {
  const cluster = await TestCluster.start({ t: 1 })
  onTestFinished(() => cluster.close())
  await using producer = new Producer({ servers: cluster.servers })
  await producer.send('t', record)
  await producer.close()
  expect(
    await first(new Consumer({ servers: cluster.servers }), (one) => one.subscribe('t', { from: 'earliest' })),
  ).toBe('ü')
  return [...cluster.servers]
}

it.each(Object.entries(uses))('a page loads what it needs for %s', async (_, use) => {
  const sdk = await pageOf(() => 'there')
  expect(await use(sdk, await started(sdk))).toBe('ü')
})

it('a page publishes and reads with the files of its start alone, and is told what it cannot load', async () => {
  const sdk = await pageOf(() => 'missing')
  const servers = await started(sdk)
  const { 'a compressed record': compressed, ...others } = uses
  for (const [name, use] of Object.entries(others)) {
    const outcome = await use(sdk, servers).catch((error: unknown) => error)
    expect(outcome, name).toMatchObject({ name: 'TailraceError', code: 'CODE_NOT_LOADED', retriable: false })
  }
  // It is sent as it is.
  expect(await compressed!(sdk, servers)).toBe('ü')
})

it('what dead letters need is told as missing, too', async () => {
  const { Consumer } = await pageOf((path) => (path.startsWith('dead-letter') ? 'missing' : 'there'))
  const servers = await started(Sdk)
  await using consumer = new Consumer({ servers })
  const fails = (): never => {
    throw new Error('cannot be handled')
  }
  const run = consumer.group('g').run('t', fails, { retry: { attempts: 1 } })
  await expect(run).rejects.toMatchObject({ code: 'CODE_NOT_LOADED' })
})

/** What waits for code to be loaded. */
const waits: Record<string, (sdk: { consumer: Sdk.Consumer; producer: Sdk.Producer; admin: Sdk.Admin }) => unknown> = {
  'a member of a group': ({ consumer }) => firstOf(consumer.group('g').subscribe('t')),
  'a run of a group': ({ consumer }) => consumer.group('g').run('t', () => {}),
  'a run': ({ consumer }) => consumer.run('t', () => {}),
  'several topics': ({ consumer }) => firstOf(consumer.subscribe(['t'])),
  'the start of several topics': ({ consumer }) => consumer.subscribe(['t']).ready(),
  'a loop with an end': ({ consumer }) => firstOf(consumer.subscribe('t', { until: 'end' })),
  'a place in time': ({ consumer }) => firstOf(consumer.subscribe('t', { from: new Date(0) })),
  'the nearest broker': ({ consumer }) => firstOf(consumer.subscribe('t', { readFrom: 'nearest' })),
  'one place': ({ consumer }) => consumer.read('t', { partition: 0, offset: 0 }),
  'another place in a loop': ({ consumer }) => consumer.subscribe('t').seek({ partition: 0, offset: 0 }),
  'another place in a loop over topics': ({ consumer }) =>
    consumer.subscribe(['t']).seek({ topic: 't', partition: 0, offset: 0 }),
  'a fence': ({ producer }) => producer.fence('t', 0, 7),
  'a request over HTTP': ({ admin }) => admin.createTopic('u', { partitions: 1 }),
}

it.each(Object.entries(waits))('what is closed while code is loaded does not wait for it: %s', async (_, wait) => {
  const { Consumer, Producer, Admin } = await pageOf(() => 'endless')
  const servers = await started(Sdk)
  const all = {
    consumer: new Consumer({ servers }),
    producer: new Producer({ servers }),
    admin: new Admin({ servers }),
  }
  let outcome: unknown
  const waiting = Promise.resolve(wait(all)).then(
    (value) => (outcome = value),
    (error) => (outcome = error.code),
  )
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(outcome).toBeUndefined()
  await Promise.all([all.consumer.close(), all.producer.close(), all.admin.close()])
  await waiting
  expect(['CLOSED', 'the end']).toContain(outcome)
})

it('what is wrong with credentials, or with a place in time, is told when it is used', async () => {
  const { Consumer } = await pageOf(() => 'there')
  const servers = await started(Sdk)
  await using consumer = new Consumer({ servers, credentials: { username: 'u' } as never })
  const detail = { code: 'INVALID_SETTING', message: expect.stringContaining('give { username, password }') }
  await expect(consumer.connect()).rejects.toMatchObject(detail)
  await using reader = new Consumer({ servers })
  const wrong = expect.stringContaining('from: "yesterday" is not')
  const reading = reader.subscribe('t', { from: 'yesterday' })
  await expect(reading.ready()).rejects.toMatchObject({ code: 'INVALID_SETTING', message: wrong })
  expect(() => reader.subscribe('t', { from: { offsets: {} } })).toThrow('it names no partition')
})

it('a send that waits for code holds up those behind it no longer than it lasts, nor the end of its producer', async () => {
  const { Producer } = await pageOf(() => 'endless')
  const servers = await started(Sdk)
  const condition = { partition: 0, expectedOffset: 1 }
  await using producer = new Producer({ servers, deliveryTimeoutMs: 200 })
  const late = producer.send('t', record, condition)
  const next = producer.send('t', record)
  await expect(late).rejects.toMatchObject({ code: 'TIMED_OUT' })
  expect((await next).offset).toBe(1)
  const abort = new AbortController()
  const given = producer.send('t', record, { ...condition, signal: abort.signal })
  const behind = producer.send('t', record)
  abort.abort()
  await expect(given).rejects.toMatchObject({ code: 'ABORTED' })
  expect((await behind).offset).toBe(2)
  const closing = producer.send('t', record, condition)
  await Promise.all([producer.close({ timeoutMs: 0 }), expect(closing).rejects.toMatchObject({ code: 'CLOSED' })])
})
