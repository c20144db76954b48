import { BatchWriter, type ProducerId } from '@tailrace/schemas'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Acl } from '../../api/security-api.ts'
import type { FeatureLevels } from '../metadata/feature-levels.ts'
import { featureLevels } from '../metadata/feature-levels.ts'
import { IDS_OF_OWNER } from '../metadata/producer-owners.ts'
import { asked } from '../testing/asked.ts'
import { during } from '../testing/running.ts'
import type { TestBroker } from '../testing/test-cluster.ts'
import { TestCluster } from '../testing/test-cluster.ts'

let cluster: TestCluster
/** Leads the only partition of the topic "t". */
let leader: TestBroker
let other: TestBroker

async function start(access: TestCluster['access'], levels: readonly FeatureLevels[] = []): Promise<void> {
  cluster = new TestCluster()
  cluster.access = access
  const ids = [1, 2, 3]
  levels.forEach((some, at) => void cluster.levels.set(at + 1, some))
  for (const id of ids) await cluster.start(id, ids)
  cluster.linkAll()
  await cluster.clock.advance(2000)
  await during(cluster, cluster.broker(1).node.api.createTopic({ name: 't', partitions: 1, replicas: 3 }))
  await cluster.clock.advance(1000)
  leader = cluster.broker(cluster.world.leaderOf(1))
  other = [...cluster.brokers.values()].find((broker) => broker !== leader)!
}

beforeEach(() => start({ mode: 'off', superUsers: [] }))

const session = (principal: string) =>
  ({ principal, groups: ['Group:g'], host: '10.0.0.1', kind: 'token', via: [] }) as const
function batch(producerId: ProducerId, baseSequence = 0): Uint8Array {
  const writer = new BatchWriter()
  writer.append({ timestamp: 0, key: null, value: 'x' })
  return writer.finish({ producerId, producerEpoch: 0, baseSequence, compression: 0 })
}
async function idFor(principal?: string | null, at = other): Promise<ProducerId> {
  const asker = principal == null ? principal : session(principal)
  const { producerId } = await during(cluster, at.node.api.initProducer(asker))
  await cluster.clock.advance(100)
  return producerId
}
/** The error of a publish, or null. */
async function publish(at: TestBroker, id: ProducerId, principal?: string, more: object = {}): Promise<string | null> {
  const options = { timeoutMs: 1000, wait: false, ...(principal && { asker: session(principal) }), ...more }
  return during(cluster, at.node.api.publish('t', 0, batch(id), options)).then(
    () => null,
    ({ code }) => code,
  )
}
const published = () => leader.groups.get(1)!.published.length

describe('an id that was given to a principal', () => {
  test.each([true, false])('is refused to any other, on the leader and elsewhere (waiting: %j)', async (wait) => {
    const id = await idFor('User:ann')
    expect(id).toBeGreaterThanOrEqual(IDS_OF_OWNER)
    for (const at of [leader, other]) {
      expect(await publish(at, id, 'User:eve', { wait })).toBe('PRODUCER_NOT_YOURS')
      expect(await publish(at, id, undefined, { wait })).toBe('PRODUCER_NOT_YOURS')
      expect(await publish(at, id, 'User:ANONYMOUS', { wait })).toBe('PRODUCER_NOT_YOURS')
    }
    expect(published()).toBe(0)
    for (const at of [leader, other]) expect(await publish(at, id, 'User:ann', { wait })).toBeNull()
    expect(published()).toBe(2)
  })

  test('is the same principal’s whichever broker has given it', async () => {
    const ids = [await idFor('User:ann', leader), await idFor('User:ann', other)]
    expect(new Set(ids).size).toBe(2)
    for (const id of ids) expect(await publish(leader, id, 'User:ann')).toBeNull()
  })

  test('cannot be fenced by another one: its next batch is taken', async () => {
    const id = await idFor('User:ann')
    expect(await publish(other, id, 'User:ann')).toBeNull()
    const writer = new BatchWriter()
    writer.append({ timestamp: 0, key: null, value: 'x' })
    const fencing = writer.finish({ producerId: id, producerEpoch: 7, baseSequence: 0, compression: 0 })
    const options = { timeoutMs: 1000, wait: false, asker: session('User:eve') }
    await expect(during(cluster, other.node.api.publish('t', 0, fencing, options))).rejects.toMatchObject({
      code: 'PRODUCER_NOT_YOURS',
      retriable: false,
    })
    expect(await publish(other, id, 'User:ann')).toBeNull()
  })
})

test('ids of nobody are anybody’s, as those from before owners', async () => {
  const id = await idFor()
  expect(id).toBeLessThan(IDS_OF_OWNER)
  for (const principal of [undefined, 'User:ann', 'User:ANONYMOUS'])
    expect(await publish(other, id, principal)).toBeNull()
})

test('a broker publishes under ids of its own for its clients, which cannot use them themselves', async () => {
  const id = await idFor(null)
  expect(await publish(other, id, 'User:ann')).toBe('PRODUCER_NOT_YOURS')
  expect(await publish(leader, id, 'User:ann', { byBroker: true })).toBe('PRODUCER_NOT_YOURS')
  expect(await publish(other, id, 'User:ann', { byBroker: true })).toBeNull()
})

describe('what another broker forwards', () => {
  const fields = { topic: 't', partition: 0, timeoutMs: 1000 }
  const forward = (from: number, id: ProducerId, asker?: object) =>
    during(
      cluster,
      asked(cluster, from, leader.id, 'Publish', { ...fields, ...(asker && { asker: asker as never }) }, batch(id)),
    ).then(
      () => null,
      ({ code }) => code,
    )

  test('is refused for a principal that the id does not belong to, or for nobody', async () => {
    const id = await idFor('User:ann')
    expect(await forward(other.id, id)).toBe('PRODUCER_NOT_YOURS')
    expect(await forward(other.id, id, session('User:eve'))).toBe('PRODUCER_NOT_YOURS')
    expect(await forward(other.id, id, session('User:ann'))).toBeNull()
    const third = [1, 2, 3].find((one) => one !== leader.id && one !== other.id)!
    const own = await idFor(`Broker:${other.id}`)
    expect(await forward(third, own, session('User:ann'))).toBe('PRODUCER_NOT_YOURS')
    expect(await forward(other.id, own, session('User:ann'))).toBeNull()
  })

  test.each([
    ['no principal', { ...session('ann') }],
    ['a host that is too long', { ...session('User:ann'), host: 'x'.repeat(1001) }],
    ['a group twice', { ...session('User:ann'), groups: ['Group:g', 'Group:g'] }],
  ])('with %s is refused', async (_, asker) => {
    expect(await forward(other.id, -1, asker)).toBe('INVALID_REQUEST')
  })
})

describe('the broker that leads asks its own rules for the client of another one', () => {
  const rule = (principal: string): Acl => ({
    principal,
    host: '10.0.0.1',
    operation: 'write',
    permission: 'allow',
    resource: { type: 'topic', name: 't', pattern: 'literal' },
  })
  const forwarded = (principal: string) => publish(other, -1, principal)

  beforeEach(() => start({ mode: 'required', superUsers: ['User:root'] }))

  test('which may write by a rule about it or its groups, or as a super user', async () => {
    expect(await forwarded('User:ann')).toBe('AUTHORIZATION_FAILED')
    expect(await forwarded('User:root')).toBeNull()
    await during(cluster, leader.node.security.addAcls([rule('User:ann')]))
    expect([await forwarded('User:ann'), await forwarded('User:eve')]).toEqual([null, 'AUTHORIZATION_FAILED'])
    await during(cluster, leader.node.security.removeAcls({ name: 't' }))
    expect(await forwarded('User:ann')).toBe('AUTHORIZATION_FAILED')
    await during(cluster, leader.node.security.addAcls([rule('Group:g')]))
    expect(await forwarded('User:eve')).toBeNull()
  })

  test('what a broker publishes for itself needs no rule', async () => {
    expect(await publish(other, -1)).toBeNull()
  })
})

test('before the second level ids have no owners', async () => {
  const old = { ...featureLevels, highest: 1 }
  await start({ mode: 'off', superUsers: [] }, [old, old, old])
  const id = await idFor('User:ann')
  expect(id).toBeLessThan(IDS_OF_OWNER)
  expect(await publish(other, id, 'User:eve')).toBeNull()
})
