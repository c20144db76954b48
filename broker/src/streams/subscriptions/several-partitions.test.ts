import { beforeEach, describe, expect, it } from 'vitest'
import type { StreamRequest } from '../../api/streams-api.ts'
import type { SubscriptionAct, SubscriptionConfig } from '../../api/subscriptions-api.ts'
import { subscriptionPath } from '../../api/subscriptions-api.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { ManualPartition } from '../testing/manual-partition.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies of JSON
type Body = any
const type = 'application/json'

let clock: ManualClock
let partitions: ManualPartition[]

/** The last digit of a name is its partition. */
const partitionOf = (path: string): number => Number(path.at(-1))
const home = (request: StreamRequest): ManualPartition => {
  const isNamed = request.kind === 'subscription' && 'partition' in request.act
  return partitions[isNamed ? (request.act as { partition: number }).partition : partitionOf(request.path)]!
}

beforeEach(async () => {
  clock = new ManualClock(1_700_000_000_000)
  partitions = [await ManualPartition.open(clock), await ManualPartition.open(clock)]
  for (const partition of partitions) {
    partition.home = home
    partition.subscriptions = { ...partition.subscriptions, partitionOf, partitions: 2 }
    partition.lead()
  }
})

async function pass(ms = 0): Promise<void> {
  await clock.advance(ms)
  for (let turn = 0; turn < 60; turn++) await clock.advance(0)
}

async function ask(request: StreamRequest, text = ''): Promise<Body> {
  const asked = home(request).ask(request, new TextEncoder().encode(text))
  const over = asked.then(
    () => null,
    () => null,
  )
  await Promise.race([over, pass()])
  return asked
}

async function about(id: string, act: SubscriptionAct): Promise<{ status: number; body: Body }> {
  return (await ask({ kind: 'subscription', path: subscriptionPath(id), act })).result.answer
}

const create = (path: string, text = '') =>
  ask({ kind: 'create', path, type, ttl: -1, expiresAt: -1, closed: false, fork: null, mark: '' }, text)

const config: SubscriptionConfig = {
  type: 'pull-wake',
  pattern: 'events/*',
  streams: [],
  webhook: null,
  wakeStream: 'wakes0',
  leaseMs: 10_000,
  description: null,
}
const put = (id: string, changes: Partial<SubscriptionConfig> = {}) =>
  about(id, { act: 'put', config: { ...config, ...changes }, base: 'https://a/', owner: null })
const claim = (id: string) => about(id, { act: 'claim', worker: 'w' })

describe('subscriptions of several partitions', () => {
  it('are told of the same streams, each for itself', async () => {
    expect([(await put('a0')).status, (await put('b1')).status]).toEqual([201, 201])
    for (const stream of ['events/0', 'events/1']) await create(stream, '1,')
    await pass()
    for (const id of ['a0', 'b1']) {
      const { body } = await claim(id)
      expect([id, body.streams.map(({ path }: Body) => path)]).toEqual([id, ['events/0', 'events/1']])
    }
  })
})
