import { errorTable, type FrameOf } from '@tailrace/schemas'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeClock } from '../platform/node/clock.ts'
import { nodeRandom } from '../platform/node/random.ts'
import { batchOf, Client, type Fixture, startGateway } from './testing/running-gateway.ts'

/** Conditions of publishes at each door. */

let fixture: Fixture
beforeEach(async () => {
  fixture = await startGateway(nodeClock, nodeRandom, {})
})
afterEach(() => fixture.gateway.close())

const values = (...texts: string[]) => texts.map((value) => ({ value }))

describe('HTTP', () => {
  const post = async (query: string, body?: unknown, partition = 0): Promise<[status: number, answer: object]> => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    const answer = await fetch(`${fixture.url}/topics/flights/partitions/${partition}/records${query}`, init)
    return [answer.status, (await answer.json()) as object]
  }

  it('writes all records at the expected offset, and tells where the partition ends; else 412 with the end', async () => {
    expect(await post('?expectedOffset=0', { records: values('a', 'b') })).toEqual([
      200,
      { partition: 0, offset: 0, endOffset: 2, token: expect.any(String), holders: [1] },
    ])
    expect(await post('?expectedOffset=2', { records: values('c') })).toMatchObject([200, { offset: 2, endOffset: 3 }])
    for (const wrong of [0, 2, 4, Number.MAX_SAFE_INTEGER]) {
      const [status, answer] = await post(`?expectedOffset=${wrong}`, { records: values('x') })
      expect([status, answer]).toMatchObject([412, { code: 'WRONG_EXPECTED_OFFSET', retriable: false, endOffset: 3 }])
    }
    // Refused requests cost no producer id.
    expect(fixture.broker.producers).toBe(1)
  })

  it('takes a fencing token, with records or without; 409 with the highest one', async () => {
    expect(await post('?fence=5', {})).toEqual([200, { partition: 0, offset: 0, endOffset: 0 }])
    expect(await post('?fence=5', { records: [] })).toMatchObject([200, { offset: 0 }])
    expect(await post('?fence=4', { records: values('x') })).toMatchObject([409, { code: 'FENCED', fence: 5 }])
    expect(await post('?fence=6&expectedOffset=0', { records: values('a') })).toMatchObject([200, { endOffset: 1 }])
    expect(await post('?fence=5', {})).toMatchObject([409, { fence: 6, hint: errorTable.FENCED.hint }])
  })

  it('waits until a new cluster takes fencing tokens', async () => {
    fixture.broker.publishFailures.push('NOT_READY', 'NOT_READY')
    expect(await post('?fence=5', {})).toMatchObject([200, { offset: 0 }])
  })

  it('refuses what is no condition, and records that are not one batch of the partition', async () => {
    const code = async (query: string, body: unknown, partition = 0) =>
      ((await post(query, body, partition))[1] as { code: string }).code
    expect(await code('', { records: values('x') })).toBe('INVALID_REQUEST')
    for (const wrong of ['-1', '1.5', 'x', String(2 ** 53)]) {
      expect(await code(`?expectedOffset=${wrong}`, { records: values('x') })).toBe('INVALID_REQUEST')
      expect(await code(`?fence=${wrong}`, {})).toBe('INVALID_REQUEST')
    }
    expect(await code('?expectedOffset=0', {})).toBe('INVALID_RECORD')
    expect(await code('?expectedOffset=0', { records: [] })).toBe('INVALID_RECORD')
    expect(await code('?expectedOffset=0', { records: [{ value: 'x', partition: 1 }] })).toBe('INVALID_RECORD')
    expect(await code('?expectedOffset=0', { records: values('x') }, 99)).toBe('UNKNOWN_PARTITION')
    expect(await code('?fence=0', {}, 99)).toBe('UNKNOWN_PARTITION')
    expect(await code('?fence=0&topicId=other', {})).toBe('TOPIC_ID_MISMATCH')
    const large = values(...Array.from({ length: 4 }, () => 'x'.repeat(400_000)))
    expect(await code('?expectedOffset=0', { records: large })).toBe('BATCH_TOO_LARGE')
    expect(await post('?expectedOffset=0', { records: values('a') })).toMatchObject([200, { offset: 0 }])
  })

  it('finds what an attempt without an answer has written, and tells where that is not known', async () => {
    fixture.broker.publishFailures.push('lost', 'NOT_LEADER')
    expect(await post('?expectedOffset=0', { records: values('a') })).toMatchObject([200, { offset: 0, endOffset: 1 }])
    // The lost attempt may arrive when the partition ends at 9.
    fixture.broker.publishFailures.push('OUTCOME_UNKNOWN')
    expect(await post('?expectedOffset=9', { records: values('x') })).toMatchObject([504, { code: 'OUTCOME_UNKNOWN' }])
    fixture.broker.publishFailures.push('OUTCOME_UNKNOWN')
    expect(await post('?expectedOffset=0', { records: values('x') })).toMatchObject([412, { endOffset: 1 }])
  })
})

describe('WebSocket in JSON', () => {
  it('takes conditions with records or without', async () => {
    const client = await new Client(fixture.address).open()
    const ask = async (fields: object): Promise<unknown> => {
      client.json({ op: 'publish-if', id: 1, topic: 'flights', partition: 0, ...fields })
      return client.nextJson()
    }
    expect(await ask({ expectedOffset: 0, records: values('a', 'b') })).toEqual({
      op: 'ack',
      id: 1,
      partition: 0,
      offset: 0,
      endOffset: 2,
      token: expect.any(String),
      holders: [1],
    })
    expect(await ask({ expectedOffset: 0, records: values('x') })).toMatchObject({ op: 'error', endOffset: 2 })
    expect(await ask({ fence: 3 })).toEqual({ op: 'ack', id: 1, partition: 0, offset: 2, endOffset: 2 })
    expect(await ask({ fence: 2, records: values('x') })).toMatchObject({ code: 'FENCED', fence: 3 })
    for (const wrong of [{}, { fence: -1 }, { expectedOffset: '0' }]) {
      expect(await ask({ records: values('x'), ...wrong })).toMatchObject({ op: 'error', code: 'INVALID_REQUEST' })
    }
    client.socket.terminate()
  })
})

describe('WebSocket in binary', () => {
  it('takes conditions with a batch or without', async () => {
    const client = await new Client(fixture.address).open()
    const ask = async (expectedOffset: number, fence: number, body: Uint8Array[]): Promise<object> => {
      const place = { topic: 'flights', partition: 0, timeoutMs: 1000 }
      client.frame('PublishIf', { correlation: 1, ...place, expectedOffset, fence }, body)
      const frame = (await client.nextFrame()) as FrameOf<'PublishIfReply'> | FrameOf<'Failure'>
      return frame.name === 'Failure' ? frame.fields.error : frame.fields
    }
    expect(await ask(0, -1, [batchOf(['a', 'b'])])).toMatchObject({ baseOffset: 0, lastOffset: 1, term: 1, index: 1 })
    expect(await ask(1, -1, [batchOf(['x'])])).toMatchObject({ code: 'WRONG_EXPECTED_OFFSET', endOffset: 2 })
    expect(await ask(-1, 3, [])).toMatchObject({ baseOffset: 2, lastOffset: 1 })
    expect(await ask(-1, 2, [batchOf(['x'])])).toMatchObject({ code: 'FENCED', fence: 3, endOffset: null })
    expect(await ask(2, 3, [batchOf(['c'])])).toMatchObject({ baseOffset: 2 })
    expect(await ask(3, -1, [])).toMatchObject({ code: 'INVALID_BATCH' })
    for (const [expectedOffset, fence] of [
      [-1, -1],
      [-2, 0],
      [0, -2],
    ] as const) {
      expect(await ask(expectedOffset, fence, [batchOf(['x'])])).toMatchObject({ code: 'INVALID_REQUEST' })
    }
    client.socket.terminate()
  })
})
