import { TestCluster } from '@tailrace/client/testing'
import { type ErrorCode, TailraceError } from '@tailrace/schemas'
import { afterEach, describe, expect, it } from 'vitest'
import { Producer, type ProducerOptions } from './index.ts'

let cluster: TestCluster
let producers: Producer[] = []

afterEach(async () => {
  await Promise.all(producers.map((producer) => producer.close({ timeoutMs: 0 })))
  producers = []
  await cluster.close()
})

async function start(options: Partial<ProducerOptions> = {}, partitions = 1, brokers = 1): Promise<Producer> {
  cluster = await TestCluster.start({ t: partitions }, brokers)
  const producer = new Producer({ servers: cluster.servers, lingerMs: 0, ...options })
  producers.push(producer)
  return producer
}

/** The offset, or the code and figure of the refusal. */
async function outcome(sent: Promise<{ offset: number }>): Promise<unknown> {
  return sent.then(
    ({ offset }) => offset,
    (error) => [error.code, error.endOffset ?? error.fence],
  )
}

const here = { partition: 0 }

describe('a send with an expected offset', () => {
  it('is written where the partition ends there, else refused with the end; the producer goes on under its id', async () => {
    const producer = await start()
    expect(await outcome(producer.send('t', { value: 'a' }, { ...here, expectedOffset: 0 }))).toBe(0)
    for (let attempt = 0; attempt < 5; attempt++) {
      const refused = producer.send('t', { value: 'x' }, { ...here, expectedOffset: 7 })
      expect(await outcome(refused)).toEqual(['WRONG_EXPECTED_OFFSET', 1])
    }
    expect(await outcome(producer.send('t', { value: 'b', partition: 0 }, { expectedOffset: 1 }))).toBe(1)
    expect(await outcome(producer.send('t', { value: 'c' }))).toBe(2)
    expect(cluster.values('t', 0)).toEqual(['a', 'b', 'c'])
    expect(cluster.newProducer().producerId).toBe(1001)
  })

  it('writes several records next to each other, or none', async () => {
    const producer = await start({ batchBytes: 10, maxBatchBytes: 300 })
    const open = producer.send('t', { value: 'open' })
    const records = ['a', 'b', 'c'].map((value) => ({ value }))
    const sent = await producer.sendBatch('t', records, { ...here, expectedOffset: 1 })
    expect([(await open).offset, ...sent.map(({ offset }) => offset)]).toEqual([0, 1, 2, 3])
    expect(cluster.log('t', 0).batches.map(({ baseOffset }) => baseOffset)).toEqual([0, 1])
    const tooMany = [...records, { value: 'x'.repeat(250) }]
    const refused = producer.sendBatch('t', tooMany, { ...here, expectedOffset: 4 })
    await expect(refused).rejects.toMatchObject({ code: 'BATCH_TOO_LARGE' })
    expect(await outcome(producer.send('t', { value: 'after' }))).toBe(4)
    expect(cluster.values('t', 0)).toEqual(['open', 'a', 'b', 'c', 'after'])
  })

  it('needs one partition, whole numbers and a record', async () => {
    const producer = await start({}, 2)
    const refused = async (records: object[], options: object): Promise<ErrorCode> =>
      producer.sendBatch('t', records as never, options).then(
        () => expect.fail('it was taken'),
        (error: TailraceError) => error.code,
      )
    expect(await refused([{ value: 'a' }], { expectedOffset: 0 })).toBe('INVALID_RECORD')
    expect(await refused([{ value: 'a', partition: 1 }], { ...here, expectedOffset: 0 })).toBe('INVALID_RECORD')
    expect(await refused([{ value: 'a' }, { value: 'b', partition: 1 }], { ...here, fence: 0 })).toBe('INVALID_RECORD')
    expect(await refused([], { ...here, expectedOffset: 0 })).toBe('INVALID_RECORD')
    expect(await refused([{ value: 'a' }], { partition: 2, expectedOffset: 0 })).toBe('UNKNOWN_PARTITION')
    for (const wrong of [-1, 0.5, Number.NaN, '1', null]) {
      expect(await refused([{ value: 'a' }], { ...here, expectedOffset: wrong })).toBe('INVALID_SETTING')
      expect(await refused([{ value: 'a' }], { ...here, fence: wrong })).toBe('INVALID_SETTING')
    }
    expect(await outcome(producer.send('t', { value: 'a' }, { ...here, expectedOffset: 0 }))).toBe(0)
  })

  it('among others under way is judged in their order; those behind a refused one are written once', async () => {
    const producer = await start({ maxInFlight: 5 })
    await producer.send('t', { value: 'warm' })
    const sends = [
      producer.send('t', { value: 'a' }, { ...here, expectedOffset: 1 }),
      producer.send('t', { value: 'x' }, { ...here, expectedOffset: 1 }),
      producer.send('t', { value: 'b' }, { ...here, expectedOffset: 2 }),
      producer.send('t', { value: 'c' }),
      producer.send('t', { value: 'y' }, { ...here, expectedOffset: 0 }),
      producer.send('t', { value: 'd' }, { ...here, expectedOffset: 4 }),
    ]
    expect(await Promise.all(sends.map(outcome))).toEqual([
      1,
      ['WRONG_EXPECTED_OFFSET', 2],
      2,
      3,
      ['WRONG_EXPECTED_OFFSET', 4],
      4,
    ])
    expect(cluster.values('t', 0)).toEqual(['warm', 'a', 'b', 'c', 'd'])
    expect(cluster.newProducer().producerId).toBe(1001)
  })

  it('whose answer is lost is found to be written, though the partition ends behind it by then', async () => {
    const producer = await start()
    let arrived = 0
    cluster.fault = () => (arrived++ === 0 ? { applied: true, drop: true } : undefined)
    expect(await outcome(producer.send('t', { value: 'a' }, { ...here, expectedOffset: 0 }))).toBe(0)
    expect(cluster.values('t', 0)).toEqual(['a'])
  })

  it('of which a lost transmission may arrive yet has no known outcome; one that never can is refused', async () => {
    const producer = await start()
    await producer.send('t', { value: 'a' })
    const faultOnce = (error: ErrorCode = 'OUTCOME_UNKNOWN'): void => {
      let arrived = 0
      cluster.fault = () => (arrived++ === 0 ? { error } : undefined)
    }
    faultOnce('NOT_READY')
    expect(await outcome(producer.send('t', { value: 'x' }, { ...here, expectedOffset: 5 }))).toEqual([
      'WRONG_EXPECTED_OFFSET',
      1,
    ])
    faultOnce()
    expect(await outcome(producer.send('t', { value: 'x' }, { ...here, expectedOffset: 5 }))).toEqual([
      'OUTCOME_UNKNOWN',
      undefined,
    ])
    faultOnce()
    expect(await outcome(producer.send('t', { value: 'x' }, { ...here, expectedOffset: 0 }))).toEqual([
      'WRONG_EXPECTED_OFFSET',
      1,
    ])
    expect(await outcome(producer.send('t', { value: 'b' }))).toBe(1)
    expect(cluster.values('t', 0)).toEqual(['a', 'b'])
  })

  it('fails where another topic has got the name', async () => {
    const producer = await start({ deliveryTimeoutMs: 5_000 })
    await producer.send('t', { value: 'a' })
    cluster.deleteTopic('t')
    cluster.createTopic('t', 1)
    const late = producer.send('t', { value: 'b' }, { ...here, expectedOffset: 1 })
    expect(await outcome(late)).toEqual(['TOPIC_ID_MISMATCH', undefined])
    expect(await outcome(producer.send('t', { value: 'c' }, { ...here, expectedOffset: 0 }))).toBe(0)
  })

  it('is refused by a broker that does not know conditions, and is not written without one', async () => {
    const producer = await start()
    await producer.send('t', { value: 'a' })
    let arrived = 0
    cluster.fault = () => (arrived++ === 0 ? { error: 'UNSUPPORTED_MESSAGE' } : undefined)
    const refused = producer.send('t', { value: 'x' }, { ...here, expectedOffset: 9 })
    expect(await outcome(refused)).toEqual(['UNSUPPORTED_MESSAGE', undefined])
    expect(await outcome(producer.send('t', { value: 'b' }))).toBe(1)
    expect([arrived, cluster.values('t', 0)]).toEqual([2, ['a', 'b']])
  })

  it('can be given up', async () => {
    const producer = await start()
    cluster.broker(1).isFrozen = true
    const giveUp = new AbortController()
    const sent = producer.send('t', { value: 'a' }, { ...here, expectedOffset: 0, signal: giveUp.signal })
    giveUp.abort()
    expect(await outcome(sent)).toEqual(['ABORTED', undefined])
  })
})

describe('a fencing token', () => {
  it('goes with sends; a lower one is refused', async () => {
    const producer = await start()
    expect(await outcome(producer.send('t', { value: 'a' }, { ...here, fence: 4 }))).toBe(0)
    expect(await outcome(producer.send('t', { value: 'x' }, { ...here, fence: 3 }))).toEqual(['FENCED', 4])
    expect(await outcome(producer.send('t', { value: 'b' }, { ...here, fence: 4, expectedOffset: 1 }))).toBe(1)
    expect(await outcome(producer.send('t', { value: 'c' }))).toBe(2)
  })

  it('is accepted without a record, and tells where the partition ends', async () => {
    const producer = await start({}, 1, 2)
    await producer.send('t', { value: 'a' })
    expect(await producer.fence('t', 0, 7)).toBe(1)
    cluster.moveLeader('t', 0, 2)
    expect(await producer.fence('t', 0, 7)).toBe(1)
    await expect(producer.fence('t', 0, 6)).rejects.toMatchObject({ code: 'FENCED', fence: 7 })
    await expect(producer.fence('t', 3, 6)).rejects.toMatchObject({ code: 'UNKNOWN_PARTITION' })
    await expect(producer.fence('t', 0, -1)).rejects.toMatchObject({ code: 'INVALID_SETTING' })
    expect(await outcome(producer.send('t', { value: 'x' }, { ...here, fence: 6 }))).toEqual(['FENCED', 7])
  })

  it('is asked for until a broker answers, the time is over or the caller gives up', async () => {
    const producer = await start({ deliveryTimeoutMs: 300 }, 1, 2)
    cluster.moveLeader('t', 0, 0)
    await expect(producer.fence('t', 0, 1)).rejects.toMatchObject({ code: 'TIMED_OUT' })
    const signal = AbortSignal.abort(new TailraceError('ABORTED'))
    await expect(producer.fence('t', 0, 1, { signal })).rejects.toMatchObject({ code: 'ABORTED' })
    setTimeout(() => cluster.moveLeader('t', 0, 2), 50)
    expect(await producer.fence('t', 0, 1)).toBe(0)
  })
})
