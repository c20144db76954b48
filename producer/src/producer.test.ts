import { TestCluster } from '@tailrace/client/testing'
import { readBatchHeader } from '@tailrace/schemas'
import { afterEach, describe, expect, it } from 'vitest'
import { Producer, type ProducerOptions } from './index.ts'

let cluster: TestCluster
let producers: Producer[] = []

afterEach(async () => {
  await Promise.all(producers.map((producer) => producer.close({ timeoutMs: 0 })))
  producers = []
  await cluster.close()
})

async function start(
  options: Partial<ProducerOptions> = {},
  topics: Record<string, number> = { t: 1 },
  brokers = 1,
): Promise<Producer> {
  cluster = await TestCluster.start(topics, brokers)
  return another(options)
}

function another(options: Partial<ProducerOptions> = {}): Producer {
  const producer = new Producer({ servers: cluster.servers, lingerMs: 0, ...options })
  producers.push(producer)
  return producer
}

const texts = (count: number, from = 0): string[] => Array.from({ length: count }, (_, i) => `v${from + i}`)

describe('send', () => {
  it('resolves with partition and offset, in the order of the calls', async () => {
    const producer = await start()
    const sent = await Promise.all(texts(1000).map((value) => producer.send('t', { value })))
    expect(sent.map(({ offset }) => offset)).toEqual(texts(1000).map((_, i) => i))
    expect(cluster.values('t', 0)).toEqual(texts(1000))
  })

  it('puts keys where Kafka clients put them, and null keys everywhere', async () => {
    const producer = await start({ batchBytes: 200 }, { t: 6 })
    // murmur2("SFO") & 0x7fffffff, modulo 6, as Kafka computes it: the same number for text and bytes.
    const [text, bytes] = await Promise.all([
      producer.send('t', { key: 'SFO', value: 'a' }),
      producer.send('t', { key: new TextEncoder().encode('SFO'), value: 'b' }),
    ])
    expect(text.partition).toBe(bytes.partition)
    const keyless = await Promise.all(texts(600).map((value) => producer.send('t', { value })))
    expect(new Set(keyless.map(({ partition }) => partition)).size).toBe(6)
  })

  it('carries key, value, headers and timestamp', async () => {
    const producer = await start()
    await producer.send('t', {
      key: 'ключ',
      value: new Uint8Array([0, 255]),
      headers: { a: 'ü', b: null },
      timestamp: 12,
    })
    const { readRecords } = await import('@tailrace/schemas')
    readRecords(cluster.log('t', 0).batches[0]!.bytes, 0, {}, (record) => {
      expect(Buffer.from(record.key!).toString()).toBe('ключ')
      expect([...record.value!]).toEqual([0, 255])
      expect(record.headers.map(([name, value]) => [name, value && Buffer.from(value).toString()])).toEqual([
        ['a', 'ü'],
        ['b', null],
      ])
      expect(record.timestamp).toBe(12)
    })
  })

  it('refuses records that no broker would take before they are sent, and no others', async () => {
    const producer = await start({ maxBatchBytes: 2000 })
    const ok = producer.send('t', { value: 'before' })
    await expect(producer.send('t', { value: 'x'.repeat(3000) })).rejects.toMatchObject({ code: 'BATCH_TOO_LARGE' })
    await expect(producer.send('t', { value: undefined as never })).rejects.toMatchObject({ code: 'INVALID_RECORD' })
    await expect(producer.send('t', { value: 'x', partition: 7 })).rejects.toMatchObject({ code: 'UNKNOWN_PARTITION' })
    await expect(producer.send('bad name', { value: 'x' })).rejects.toMatchObject({ code: 'INVALID_TOPIC_NAME' })
    await ok
    await producer.send('t', { value: 'after' })
    expect(cluster.values('t', 0)).toEqual(['before', 'after'])
  })

  it('names a setting that does not exist or is wrong', () => {
    const servers = ['ws://127.0.0.1:1']
    expect(() => new Producer({ servers, lingerMS: 5 } as never)).toThrow(/lingerMS/)
    expect(() => new Producer({ servers, maxInFlight: 6 })).toThrow(/maxInFlight/)
    expect(() => new Producer({ servers: [] })).toThrow(/servers/)
    expect(() => new Producer({ servers, compression: 'lzma' as never })).toThrow(/lzma/)
  })

  it('waits for a topic that is only just being created, and gives up on one that does not exist', async () => {
    const producer = await start()
    const early = producer.send('late', { value: 'x' })
    setTimeout(() => cluster.createTopic('late', 1), 200)
    const place = { partition: 0, offset: 0, token: '1-1-00112233aabbccdd', holders: [1] }
    expect(await early).toEqual({ ...place, topicId: cluster.topicId('late') })
    await expect(producer.send('never', { value: 'x' })).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
  })

  it.each(['gzip', 'zstd'] as const)('compresses with %s', async (compression) => {
    const producer = await start({ compression })
    await Promise.all(texts(2000).map((value) => producer.send('t', { value })))
    const { codecs } = await import('@tailrace/client')
    const { decodeBatch } = await import('@tailrace/schemas')
    const records = cluster.log('t', 0).batches.flatMap(({ bytes }) => decodeBatch(bytes, 0, codecs.decompressors))
    expect(records.map(({ value }) => Buffer.from(value!).toString())).toEqual(texts(2000))
  })
})

describe('batches', () => {
  it('go out when full, and else after the linger', async () => {
    const producer = await start({ batchBytes: 1000, lingerMs: 20 })
    await producer.send('t', { value: 'warm' })
    const began = performance.now()
    await Promise.all(texts(60).map((value) => producer.send('t', { value: value.padEnd(100) })))
    expect(performance.now() - began).toBeGreaterThan(15)
    const sizes = cluster
      .log('t', 0)
      .batches.slice(1)
      .map(({ bytes }) => readBatchHeader(bytes).recordsCount)
    expect(Math.max(...sizes)).toBe(9)
    expect(sizes.filter((size) => size === 9).length).toBe(6)
  })

  it('sendBatch answers for every record in the order given, over partitions', async () => {
    const producer = await start({ batchBytes: 500 }, { t: 3 })
    const records = texts(500).map((value, i) => ({ key: `k${i % 7}`, value }))
    const sent = await producer.sendBatch('t', records)
    for (let i = 0; i < records.length; i++) {
      expect(cluster.values('t', sent[i]!.partition)[sent[i]!.offset]).toBe(records[i]!.value)
    }
    await expect(producer.sendBatch('t', [{ value: 'a' }, { value: 7 as never }])).rejects.toMatchObject({
      code: 'INVALID_RECORD',
    })
    expect(await producer.sendBatch('t', [])).toEqual([])
  })

  it('take one round trip until a broker knows the producer, then at most five at a time', async () => {
    const producer = await start({ batchBytes: 200 })
    let underWay = 0
    const seen: number[] = []
    cluster.fault = () => {
      seen.push(++underWay)
      setTimeout(() => underWay--, 5)
      return { lateMs: 5 }
    }
    await Promise.all(texts(200).map((value) => producer.send('t', { value })))
    expect(seen[0]).toBe(1)
    expect(seen[1]).toBe(1)
    expect(Math.max(...seen)).toBe(5)
  })
})

describe('memory', () => {
  it('is bounded: sends wait, in order, and can be given up while they wait', async () => {
    const producer = await start({ maxBufferedBytes: 2000, batchBytes: 500, maxWaitingSends: 400 })
    await producer.send('t', { value: 'warm' })
    let released = false
    cluster.fault = () => (released ? undefined : { error: 'OVERLOADED' })
    const giveUp = new AbortController()
    const sends = texts(300).map((value, i) =>
      producer.send('t', { value }, i === 299 ? { signal: giveUp.signal } : undefined),
    )
    const outcome = Promise.allSettled(sends)
    expect(producer.bufferedBytes).toBeLessThan(2100)
    let isReady = false
    const ready = producer.ready().then(() => (isReady = true))
    giveUp.abort()
    await expect(sends[299]).rejects.toMatchObject({ code: 'ABORTED' })
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(isReady).toBe(false)
    released = true
    await ready
    const results = await outcome
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBe(299)
    expect(cluster.values('t', 0)).toEqual(['warm', ...texts(299)])
    expect(producer.bufferedBytes).toBe(0)
  })

  it('refuses sends beyond the number that may wait', async () => {
    const producer = await start({ maxWaitingSends: 10 })
    const results = await Promise.allSettled(texts(15).map((value) => producer.send('t', { value })))
    expect(results.filter(({ status }) => status === 'rejected').length).toBe(5)
    expect(results[14]).toMatchObject({ reason: { code: 'OVERLOADED' } })
  })
})

describe('flush and close', () => {
  it('flush sends lingering records at once and waits for them', async () => {
    const producer = await start({ lingerMs: 60_000 })
    const sends = texts(10).map((value) => producer.send('t', { value }))
    await producer.flush()
    expect(cluster.values('t', 0)).toEqual(texts(10))
    await Promise.all(sends)
  })

  it('records linger again after a flush, also one that was given up', async () => {
    const producer = await start({ lingerMs: 60_000 })
    void producer.send('t', { value: 'x' })
    await producer.flush()
    let published = 0
    cluster.fault = () => {
      published++
      return { silent: true }
    }
    producer.send('t', { value: 'y' }).catch(() => {})
    await expect(producer.flush({ signal: AbortSignal.timeout(20) })).rejects.toThrow()
    producer.send('t', { value: 'z' }).catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(published).toBe(1)
  })

  it('close delivers the records sent before it, then refuses more', async () => {
    const producer = await start({ lingerMs: 60_000 })
    const sends = texts(10).map((value) => producer.send('t', { value }))
    await producer.close()
    await Promise.all(sends)
    await expect(producer.send('t', { value: 'x' })).rejects.toMatchObject({ code: 'CLOSED' })
    await producer.close()
  })

  it('close gives up after its time limit, the signal at once', async () => {
    const signal = new AbortController()
    const producer = await start({}, { t: 1 })
    const aborted = another({ signal: signal.signal })
    await Promise.all([producer.send('t', { value: 'a' }), aborted.send('t', { value: 'b' })])
    cluster.fault = () => ({ silent: true })
    const closed = expect(producer.send('t', { value: 'x' })).rejects.toMatchObject({ code: 'CLOSED' })
    const ended = expect(aborted.send('t', { value: 'x' })).rejects.toMatchObject({ code: 'ABORTED' })
    signal.abort()
    await producer.close({ timeoutMs: 20 })
    await Promise.all([closed, ended])
  })
})
