import { TestCluster } from '@tailrace/client/testing'
import { BatchWriter } from '@tailrace/schemas'
import { afterEach, describe, expect, it } from 'vitest'
import { firstAnswer } from './first-answer.ts'
import { Consumer, TailraceError } from './index.ts'

let cluster: TestCluster
let consumer: Consumer
afterEach(async () => {
  await consumer?.close()
  await cluster?.close()
})

/** Three brokers, the first of which leads, and batches of two records v0 v1, v2 v3, … */
async function start(batches = 3): Promise<void> {
  cluster = await TestCluster.start({ t: 1 }, 3)
  consumer = new Consumer({ servers: cluster.servers })
  for (let at = 0; at < batches; at++) {
    const writer = new BatchWriter()
    for (const i of [0, 1]) writer.append({ timestamp: 1000, key: null, value: `v${2 * at + i}` })
    cluster
      .log('t', 0)
      .append(writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 }), 1e6)
  }
}

const values = ({ records }: { records: readonly { value: string | null }[] }) => records.map(({ value }) => value)
const seal = '00112233aabbccdd'
const acknowledged = { partition: 0, offset: 4, token: `1-3-${seal}`, holders: [1, 2, 3] }

describe('read', () => {
  it('takes the records of the leader from the offset on, and asks no other broker', async () => {
    await start()
    const result = await consumer.read('t', { partition: 0, offset: 3 })
    expect([values(result), result.nextOffset, result.highWatermark, result.replica]).toEqual([
      ['v3', 'v4', 'v5'],
      6,
      6,
      null,
    ])
    expect(cluster.brokers.map(({ fetches }) => fetches)).toEqual([1, 0, 0])
    expect(values(await consumer.read('t', { partition: 0, offset: 6 }))).toEqual([])
  })

  it('reads the place of the call, whatever becomes of these objects', async () => {
    await start()
    const [place, options] = [{ partition: 0, offset: 4 }, { maxBytes: 1_000 }]
    const reading = consumer.read('t', place, options)
    place.offset = -1
    options.maxBytes = -1
    expect(values(await reading)).toEqual(['v4', 'v5'])
  })

  it('linearizably: asks only the leader, with a linearizable request', async () => {
    await start()
    const result = await consumer.read('t', acknowledged, { linearizable: true, hedgeAfterMs: 0 })
    expect([values(result), result.replica]).toEqual([['v4', 'v5'], null])
    expect(cluster.brokers.map(({ linearizableFetches }) => linearizableFetches)).toEqual([1, 0, 0])
    expect(cluster.brokers.map(({ fetches }) => fetches)).toEqual([1, 0, 0])
    cluster.broker(1).isSlow = true
    await expect(
      consumer.read('t', acknowledged, { linearizable: true, hedgeAfterMs: 0, timeoutMs: 200 }),
    ).rejects.toMatchObject({ code: 'TIMED_OUT' })
    for (const options of [{ linearizable: true, first: 'holder' as const }, { linearizable: 1 as never }]) {
      await expect(consumer.read('t', acknowledged, options)).rejects.toMatchObject({ code: 'INVALID_SETTING' })
    }
  })

  it('asks a holder as well when the leader is slow, and takes the first answer', async () => {
    await start()
    cluster.broker(1).isSlow = true
    const result = await consumer.read('t', acknowledged, { hedgeAfterMs: 20 })
    expect(values(result)).toEqual(['v4', 'v5'])
    expect([2, 3]).toContain(result.replica)
  })

  it('asks the next broker at once when a holder does not hold the entry', async () => {
    await start()
    cluster.broker(1).isSlow = true
    cluster.broker(2).lagEntries = 1
    const result = await consumer.read('t', acknowledged, { hedgeAfterMs: 20 })
    expect([values(result), result.replica]).toEqual([['v4', 'v5'], 3])
  })

  it('never takes a shorter log for the end of the partition, without a token either', async () => {
    await start()
    cluster.broker(1).isSlow = true
    cluster.broker(2).lagEntries = 1
    cluster.broker(3).lagEntries = 2
    const place = { partition: 0, offset: 4 }
    await expect(consumer.read('t', place, { hedgeAfterMs: 5, timeoutMs: 300 })).rejects.toMatchObject({
      code: 'TIMED_OUT',
    })
    cluster.broker(2).lagEntries = 0
    expect((await consumer.read('t', place, { hedgeAfterMs: 5 })).replica).toBe(2)
  })

  it('reads without a leader, and with a dead one', async () => {
    await start()
    cluster.moveLeader('t', 0, 0)
    expect(values(await consumer.read('t', acknowledged))).toEqual(['v4', 'v5'])
    cluster.moveLeader('t', 0, 1)
    await cluster.broker(1).stop()
    expect(values(await consumer.read('t', acknowledged, { hedgeAfterMs: 20 }))).toEqual(['v4', 'v5'])
  })

  it('also asks the replica of a deposed broker that is still taken for the leader', async () => {
    await start()
    await consumer.read('t', acknowledged)
    cluster.moveLeader('t', 0, 0)
    cluster.broker(2).isSlow = true
    const place = { ...acknowledged, holders: [1, 2] }
    expect((await consumer.read('t', place, { hedgeAfterMs: 20, timeoutMs: 2000 })).replica).toBe(1)
  })

  it('turns to another replica when the batches of one are damaged', async () => {
    await start()
    cluster.broker(1).spoils = true
    cluster.broker(2).spoils = true
    const result = await consumer.read('t', acknowledged, { hedgeAfterMs: 1000 })
    expect([values(result), result.replica]).toEqual([['v4', 'v5'], 3])
  })

  it.each([
    ['first', 0],
    ['second', 1],
    ['last', -1],
  ])('turns to another replica when an answer lacks its %s batch', async (_, missing) => {
    await start()
    for (const id of [1, 2]) cluster.broker(id).leavesOut = missing
    const result = await consumer.read('t', { ...acknowledged, offset: 0 }, { hedgeAfterMs: 1000 })
    expect([values(result), result.replica]).toEqual([['v0', 'v1', 'v2', 'v3', 'v4', 'v5'], 3])
  })

  it('turns to another replica when the leader sends no batches but a later next offset', async () => {
    await start(1)
    cluster.broker(1).leavesOut = 0
    const result = await consumer.read('t', { partition: 0, offset: 1 }, { hedgeAfterMs: 1000 })
    expect([values(result), result.replica]).toEqual([['v1'], expect.any(Number)])
  })

  it('asks a holder first when told to spare the leader', async () => {
    await start()
    const result = await consumer.read('t', acknowledged, { first: 'holder' })
    expect([2, 3]).toContain(result.replica)
    expect(cluster.broker(1).fetches).toBe(0)
  })

  it('fails at once with a final error, and with a passing one after the time given', async () => {
    await start()
    await expect(consumer.read('t', { partition: 0, offset: 7 })).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
    await expect(consumer.read('t', { partition: 9, offset: 0 })).rejects.toMatchObject({ code: 'UNKNOWN_PARTITION' })
    const never = consumer.read('t', { ...acknowledged, token: `2-3-${seal}` }, { timeoutMs: 1000 })
    await expect(never).rejects.toMatchObject({ code: 'TIMED_OUT', cause: { code: 'NOT_CAUGHT_UP' } })
  })

  it('tells what brokers answered when the time ends during a later round', async () => {
    await start()
    const place = { ...acknowledged, token: `2-3-${seal}` }
    const never = consumer.read('t', place, { timeoutMs: 2000, hedgeAfterMs: 0 })
    await expect.poll(() => cluster.brokers.every(({ fetches }) => fetches > 0)).toBe(true)
    for (const broker of cluster.brokers) broker.isSlow = true
    await expect(never).rejects.toMatchObject({ code: 'TIMED_OUT', cause: { code: 'NOT_CAUGHT_UP' } })
  })

  it('M95: fails at once for a forged token', async () => {
    await start()
    for (const token of ['1-3', '1-3-0000000000000000']) {
      const made = consumer.read('t', { ...acknowledged, token }, { first: 'holder' })
      await expect(made).rejects.toMatchObject({ code: 'INVALID_REQUEST', retriable: false })
    }
  })

  it('does not believe a holder that an offset does not exist', async () => {
    await start()
    for (const broker of cluster.brokers) broker.lagEntries = 3
    cluster.moveLeader('t', 0, 0)
    const read = consumer.read('t', { partition: 0, offset: 4 }, { first: 'holder', hedgeAfterMs: 5 })
    setTimeout(() => cluster.moveLeader('t', 0, 1), 200)
    expect([values(await read), (await read).replica]).toEqual([['v4', 'v5'], null])
  })

  it('ends with its signal and with the consumer', async () => {
    await start()
    for (const broker of cluster.brokers) broker.isSlow = true
    await expect(consumer.read('t', acknowledged, { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({
      code: 'ABORTED',
    })
    const waiting = consumer.read('t', acknowledged)
    setTimeout(() => consumer.close(), 50)
    await expect(waiting).rejects.toMatchObject({ code: 'CLOSED' })
  })

  it.each([
    [{ partition: 0 }, {}, /offset/],
    [{ offset: 0 }, {}, /partition/],
    [{ partition: 0, offset: -1 }, {}, /offset/],
    [{ partition: 0, offset: 0, token: '3' }, {}, /term-index/],
    [{ partition: 0, offset: 0 }, { hedgeAfter: 3 }, /hedgeAfter/],
    [{ partition: 0, offset: 0 }, { first: 'nearest' }, /nearest/],
  ])('refuses %j with %j', async (place, options, message) => {
    await start(0)
    await expect(consumer.read('t', place as never, options as never)).rejects.toThrow(message)
  })
})

describe('the first answer', () => {
  const never = new TailraceError('CONNECTION_LOST')

  it('cancels the others', async () => {
    const lost: string[] = []
    const slow = (signal: AbortSignal) =>
      new Promise<string>((_resolve, reject) =>
        signal.addEventListener('abort', () => {
          lost.push(signal.reason.code)
          reject(signal.reason)
        }),
      )
    expect(await firstAnswer([slow, slow, async () => 'third'], 1, () => false)).toBe('third')
    expect(lost).toEqual(['ABORTED', 'ABORTED'])
  })

  it('asks the next when one fails while an earlier one is still in flight, and not before its time otherwise', async () => {
    const asked: number[] = []
    const way = (number: number, answer: Promise<string>) => () => {
      asked.push(number)
      return answer
    }
    const failing = Promise.reject(never)
    failing.catch(() => {})
    const open = new Promise<string>(() => {})
    const ways = [way(0, open), way(1, failing), way(2, Promise.resolve('third')), way(3, open)]
    expect(await firstAnswer(ways, 30, () => false)).toBe('third')
    expect(asked).toEqual([0, 1, 2])
  })

  it('fails with the error of the first attempt when all fail, and at once with a final error', async () => {
    const fails = (code: 'NOT_CAUGHT_UP' | 'UNKNOWN_TOPIC') => () => Promise.reject(new TailraceError(code))
    await expect(
      firstAnswer([fails('NOT_CAUGHT_UP'), () => Promise.reject(never)], 1, () => false),
    ).rejects.toMatchObject({
      code: 'NOT_CAUGHT_UP',
    })
    let asked = false
    const second = async () => {
      asked = true
      return 'second'
    }
    const found = firstAnswer([fails('UNKNOWN_TOPIC'), second], 1000, (error) => !error.retriable)
    await expect(found).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
    expect(asked).toBe(false)
  })
})
