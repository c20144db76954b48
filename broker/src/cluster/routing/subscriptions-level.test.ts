import { expect, it } from 'vitest'
import type { Asker } from '../../api/broker-api.ts'
import type { SubscriptionAct } from '../../api/subscriptions-api.ts'
import { subscriptionPath } from '../../api/subscriptions-api.ts'
import { featureLevels, SUBSCRIPTIONS_LEVEL } from '../metadata/feature-levels.ts'
import { during } from '../testing/running.ts'
import { TestCluster } from '../testing/test-cluster.ts'

const ann: Asker = { principal: 'User:ann', groups: [], host: '10.0.0.1', kind: 'token', via: [] }
const path = subscriptionPath('s')
const get: SubscriptionAct = { act: 'get', after: '' }

it('there are subscriptions from a level on that all brokers support', async () => {
  const older = { ...featureLevels, highest: SUBSCRIPTIONS_LEVEL - 1 }
  const cluster = await TestCluster.of(3, [featureLevels, featureLevels, older])
  const { streams } = cluster.broker(1).node
  const asked = during(cluster, streams.for(ann).ask({ kind: 'subscription', path, act: get }))
  await expect(asked).rejects.toMatchObject({ code: 'FEATURE_LEVEL_TOO_LOW' })
})

it('one is made, shown and deleted at any broker', async () => {
  const cluster = await TestCluster.of(3)
  const ask = async (id: number, act: SubscriptionAct) => {
    const { streams } = cluster.broker(id).node
    const { result } = await during(cluster, streams.for(ann).ask({ kind: 'subscription', path, act }))
    return result.answer
  }
  const config = {
    type: 'pull-wake',
    pattern: 'events/*',
    streams: ['a'],
    webhook: null,
    wakeStream: 'wakes',
    leaseMs: 30_000,
    description: null,
  } as const
  const put: SubscriptionAct = { act: 'put', config, base: 'http://a/streams/', owner: null }
  expect((await ask(1, get)).status).toBe(404)
  expect((await ask(1, put)).status).toBe(201)
  for (const id of [2, 3]) expect((await ask(id, put)).status).toBe(200)
  expect((await ask(3, get)).body).toMatchObject({ id: 's', streams: [{ path: 'a', link_type: 'explicit' }] })
  expect((await ask(2, { act: 'claim', worker: 'w' })).status).toBe(409)
  expect((await ask(2, { act: 'delete' })).status).toBe(204)
  expect((await ask(1, get)).status).toBe(404)
})
