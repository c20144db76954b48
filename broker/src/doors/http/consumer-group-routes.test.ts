import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { batchOf, type Fixture, startGateway } from '../testing/running-gateway.ts'

let fixture: Fixture
beforeEach(async () => {
  fixture = await startGateway(nodeClock, nodeRandom)
  for (let n = 0; n < 6; n++) await fixture.broker.publish('flights', 0, batchOf(['x']))
})
afterEach(() => fixture.gateway.close())

async function call(method: string, path: string, body?: unknown) {
  const typed: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
  const json = body === undefined ? {} : { body: JSON.stringify(body) }
  const response = await fetch(`${fixture.url}/consumer-groups${path}`, { method, headers: typed, ...json })
  const text = await response.text()
  return { status: response.status, body: text === '' ? null : JSON.parse(text) }
}
const set = (group: string, ...positions: { partition: number; offset: number; metadata?: string }[]) => {
  const named = positions.map((position) => ({ topic: 'flights', ...position }))
  return call('PUT', `/${encodeURIComponent(group)}/positions`, { positions: named })
}

describe('consumer groups over HTTP', () => {
  it('are listed, described, exported and deleted, whatever their names', async () => {
    for (const group of ['billing', 'a/b ü', 'x'.repeat(255)]) {
      const path = `/${encodeURIComponent(group)}`
      expect((await set(group, { partition: 0, offset: 3, metadata: 'here' })).status).toBe(204)
      expect((await call('GET', '')).body.groups).toMatchObject([
        { group, state: 'empty', topics: ['flights'], lag: 2 },
      ])
      const described = await call('GET', path)
      expect(described.body).toMatchObject({ group, members: [], partitions: [{ topic: 'flights', offset: 3 }] })
      expect(described.body.kind).toBeUndefined()
      const exported = await call('GET', `${path}/positions`)
      const positions = [{ topic: 'flights', partition: 0, offset: 3, metadata: 'here' }]
      expect(exported.body).toEqual({ group, positions })
      expect((await call('DELETE', path)).status).toBe(204)
      expect((await call('GET', path)).body.code).toBe('UNKNOWN_CONSUMER_GROUP')
    }
    expect(fixture.logged).toEqual([])
  })

  it.each([
    ['earliest', 0],
    ['latest', 6],
    ['2', 2],
    ['99', 6],
    ['-2', 2],
    ['+1', 5],
    ['+100', 6],
    ['-100', 0],
  ])('a position at 4 is moved to %s, which is %i', async (to, offset) => {
    await set('billing', { partition: 0, offset: 4 })
    const dry = await call('POST', '/billing/reset', { to, dryRun: true })
    expect(dry.body).toMatchObject({ dryRun: true, positions: [{ partition: 0, from: 4, offset }] })
    expect((await call('GET', '/billing')).body.partitions[0].offset).toBe(4)
    const moved = await call('POST', '/billing/reset', { to })
    expect(moved.body).toEqual({ ...dry.body, dryRun: false })
    expect((await call('GET', '/billing')).body.partitions[0].offset).toBe(offset)
  })

  it('a group comes to be with positions of named topics', async () => {
    const { body } = await call('POST', '/new/reset', { to: 'latest', topics: ['flights'] })
    expect(body.positions.map(({ from, offset }: { from: number; offset: number }) => [from, offset])).toEqual([
      [-1, 6],
      [-1, 0],
      [-1, 0],
    ])
  })

  it.each([
    ['POST', '/none/reset', { to: 'earliest' }, 404, 'UNKNOWN_CONSUMER_GROUP'],
    ['POST', '/none/reset', { to: '-5', topics: ['flights'] }, 400, 'INVALID_REQUEST'],
    ['POST', '/none/reset', { to: 'soon', topics: ['flights'] }, 400, 'INVALID_REQUEST'],
    ['POST', '/none/reset', { to: 'latest', topics: ['nowhere'] }, 404, 'UNKNOWN_TOPIC'],
    ['POST', '/none/reset', { to: 'latest', topics: [] }, 400, 'INVALID_REQUEST'],
    ['PUT', '/none/positions', { positions: [] }, 400, 'INVALID_REQUEST'],
    [
      'PUT',
      '/none/positions',
      { positions: [{ topic: 'flights', partition: 0, offset: 7 }] },
      416,
      'OFFSET_OUT_OF_RANGE',
    ],
    [
      'PUT',
      '/none/positions',
      { positions: [{ topic: 'flights', partition: 9, offset: 0 }] },
      404,
      'UNKNOWN_PARTITION',
    ],
    ['PUT', '/none/positions', { positions: [{ topic: 'nowhere', partition: 0, offset: 0 }] }, 404, 'UNKNOWN_TOPIC'],
    [
      'PUT',
      '/none/positions',
      { positions: Array(2).fill({ topic: 'flights', partition: 0, offset: 0 }) },
      400,
      'INVALID_REQUEST',
    ],
  ])('%s %s %j is %i %s', async (method, path, body, status, code) => {
    const answer = await call(method, path, body)
    expect([answer.status, answer.body.code]).toEqual([status, code])
  })
})
