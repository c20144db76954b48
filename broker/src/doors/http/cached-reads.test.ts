import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { MemoryTables } from '../../security/testing/memory-tables.ts'
import { batchOf, type Fixture, startGateway } from '../testing/running-gateway.ts'
import { hasAlready, isFixed } from './cached-reads.ts'

describe('an answer is fixed', () => {
  const asked = { topic: 'flights', partition: 0, offset: '2', to: '5', topicId: 'id' }
  const found = { offset: 2, nextOffset: 5, highWatermark: 5 }

  it('between two offsets of a topic that is named by its id, where all that was asked for is there', () => {
    expect(isFixed(asked, found)).toBe(true)
    // Less, since one answer takes no more: there are more records.
    expect(isFixed(asked, { ...found, nextOffset: 4 })).toBe(true)
  })

  it('in no other case', () => {
    expect(isFixed({ ...asked, topicId: '' }, found)).toBe(false)
    expect(isFixed({ ...asked, to: undefined }, found)).toBe(false)
    expect(isFixed({ ...asked, offset: 'earliest' }, found)).toBe(false)
    expect(isFixed({ ...asked, offset: '' }, found)).toBe(false)
    expect(isFixed({ ...asked, to: '2026-03-01' }, found)).toBe(false)
    // The partition ends there, and may go on.
    expect(isFixed(asked, { ...found, nextOffset: 4, highWatermark: 4 })).toBe(false)
    expect(isFixed(asked, { ...found, nextOffset: 2, highWatermark: 2 })).toBe(false)
  })
})

it('a client has an answer whose tag it names, in any form', () => {
  for (const named of ['"a"', 'W/"a"', '"b", "a"', '"b" , W/"a"', '*']) expect(hasAlready(named, '"a"')).toBe(true)
  for (const named of ['"b"', 'a', '', undefined]) expect(hasAlready(named, '"a"')).toBe(false)
  expect(hasAlready('*', null)).toBe(false)
})

describe('reads over HTTP', () => {
  let fixture: Fixture
  beforeEach(async () => {
    fixture = await startGateway(nodeClock, nodeRandom)
    for (let i = 0; i < 4; i++) await fixture.broker.publish('flights', 0, batchOf([`${2 * i}`, `${2 * i + 1}`]))
  })
  afterEach(() => fixture.gateway.close())

  async function read(query: string, headers: Record<string, string> = {}) {
    const answer = await fetch(`${fixture.url}/topics/flights/partitions/0/records?${query}`, { headers })
    const text = await answer.text()
    const [tag, control, vary] = ['etag', 'cache-control', 'vary'].map((name) => answer.headers.get(name))
    return { status: answer.status, text, body: text === '' ? null : JSON.parse(text), tag, control, vary }
  }

  it('before an offset have the records before it, whichever batch they are in', async () => {
    const { body } = await read('offset=1&to=4')
    expect(body.records.map(({ offset, value }: { offset: number; value: string }) => [offset, value])).toEqual([
      [1, '1'],
      [2, '2'],
      [3, '3'],
    ])
    expect(body).toMatchObject({ nextOffset: 4, topicId: 'id-flights' })
    expect(body).not.toHaveProperty('highWatermark')
    expect((await read('offset=3&to=3&waitMs=60000')).body).toMatchObject({ records: [], nextOffset: 3 })
    expect((await read('offset=3&to=latest')).body).toMatchObject({ nextOffset: 8 })
    expect((await read('offset=3&to=never')).body).toMatchObject({ code: 'INVALID_REQUEST' })
  })

  it('of a closed range have a strong tag and may be kept; the same bytes come again, or none', async () => {
    const query = 'offset=1&to=4&topicId=id-flights'
    const first = await read(query)
    expect(first).toMatchObject({ status: 200, tag: '"j1-id-flights-0-1-4"', vary: 'accept, origin' })
    expect(first.control).toBe('public, max-age=31536000, immutable')
    await fixture.broker.publish('flights', 0, batchOf(['more']))
    expect(await read(query)).toEqual(first)
    const known = await read(query, { 'if-none-match': first.tag! })
    expect(known).toMatchObject({ status: 304, text: '', tag: first.tag, control: first.control })
    expect((await read(query, { 'if-none-match': '"j1-id-flights-0-1-3"' })).status).toBe(200)
    const head = await fetch(`${fixture.url}/topics/flights/partitions/0/records?${query}`, { method: 'HEAD' })
    expect(head.headers.get('etag')).toBe(first.tag)
  })

  it('that stop early are tagged by how far they came', async () => {
    const part = await read('offset=0&to=8&topicId=id-flights&maxBytes=1')
    expect(part).toMatchObject({ tag: '"j1-id-flights-0-0-2"', body: { nextOffset: 2 } })
  })

  it.each([
    'offset=0',
    'offset=0&topicId=id-flights',
    'offset=0&to=8',
    'offset=0&to=9&topicId=id-flights',
    'offset=earliest&to=8&topicId=id-flights',
    'offset=99&to=100&topicId=id-flights',
  ])('%s: nobody keeps the answer', async (query) => {
    expect(await read(query, { 'if-none-match': '*' })).toMatchObject({ tag: null, control: 'no-store' })
  })

  it('are refused when another topic has the name, also to a client that names a tag', async () => {
    const { tag } = await read('offset=0&to=8&topicId=id-flights')
    await fixture.broker.deleteTopic('flights')
    await fixture.broker.createTopic({ name: 'flights', partitions: 1, replicas: 1 })
    for (let i = 0; i < 4; i++) await fixture.broker.publish('flights', 0, batchOf(['other', 'records']))
    const again = await read('offset=0&to=8&topicId=id-flights', { 'if-none-match': tag! })
    expect([again.status, again.control]).toEqual([404, 'no-store'])
    expect((await read('offset=0&to=8&topicId=id-flights-2')).tag).not.toBe(tag)
  })

  it('are for the reader alone where readers show who they are, and for nobody without the right', async () => {
    await fixture.gateway.close()
    const tables = new MemoryTables()
    fixture = await startGateway(nodeClock, nodeRandom, {}, undefined, { mode: 'required', tables: () => tables })
    await fixture.broker.publish('flights', 0, batchOf(['a']))
    tables.rule('User:svc', 'read', { type: 'topic', name: 'flights' })
    const bearer = { authorization: `Bearer ${tables.token('User:svc')}` }
    const query = 'offset=0&to=1&topicId=id-flights'
    const first = await read(query, bearer)
    expect(first.control).toBe('private, max-age=31536000, immutable')
    tables.forgetRules()
    expect((await read(query, { ...bearer, 'if-none-match': first.tag! })).status).toBe(403)
  })
})
