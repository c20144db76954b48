import { expect, test } from 'vitest'
import type { BrokerLevels } from '../../api/admin-api.ts'
import { asked } from '../testing/asked.ts'
import { TestCluster } from '../testing/test-cluster.ts'
import { FENCES, type FeatureLevels, levelRefusal } from './feature-levels.ts'
import { intentFields } from './intents/intent-fields.ts'
import { MetadataState } from './metadata-state.ts'

const one: FeatureLevels = { lowest: 1, highest: 1, commands: {} }
/** A version whose second level brings a command that the version before cannot read. */
const two: FeatureLevels = { lowest: 1, highest: 2, commands: { 'set-priority': 2 } }

/** Runs the clock until the work is done. */
async function during<T>(cluster: TestCluster, work: Promise<T>): Promise<T> {
  let done = false
  const finished = work.finally(() => (done = true))
  finished.catch(() => {})
  for (let step = 0; step < 300 && !done; step++) await cluster.clock.advance(100)
  return finished
}

async function restart(cluster: TestCluster, id: number, levels: FeatureLevels): Promise<void> {
  const { data } = cluster.broker(id)
  await cluster.kill(cluster.broker(id))
  cluster.levels.set(id, levels)
  await cluster.start(id, [1, 2, 3], data)
  cluster.linkAll()
  await cluster.clock.advance(2000)
}

const admin = (cluster: TestCluster, id = 1) => cluster.broker(id).node.admin
const raise = (cluster: TestCluster, level: number | null = null, cascades: readonly BrokerLevels[] = []) =>
  during(cluster, admin(cluster).raiseFeatureLevel({ level, by: 'somebody', cascades }))
const prioritise = (cluster: TestCluster) =>
  during(cluster, admin(cluster, 2).setPriority({ kind: 'metadata' }, { broker: 1, factor: 2 }))
const levelAt = async (cluster: TestCluster, id: number) =>
  (await cluster.broker(id).node.api.describeCluster()).featureLevel

/** A cluster of the version before, of which all brokers run the next one by now. */
async function upgraded(): Promise<TestCluster> {
  const cluster = await TestCluster.of(3, [one, one, one])
  for (const id of [1, 2, 3]) await restart(cluster, id, two)
  return cluster
}

test('commands of the second level are refused until the level is raised, and written from then on', async () => {
  const cluster = await upgraded()
  await expect(prioritise(cluster)).rejects.toMatchObject({ code: 'FEATURE_LEVEL_TOO_LOW', retriable: false })
  expect(await raise(cluster)).toEqual({ level: 2 })
  await cluster.clock.advance(500)
  for (const id of [1, 2, 3]) expect(await levelAt(cluster, id)).toBe(2)
  await prioritise(cluster)
  expect(await admin(cluster).audit()).toMatchObject([{ action: 'set-feature-level', by: 'somebody' }])
  expect(await raise(cluster)).toEqual({ level: 2 })
  await expect(raise(cluster, 1)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
})

test('the level is not raised beyond what a broker of any level supports, and the answer names it', async () => {
  const cluster = await TestCluster.of(3, [two, two, one])
  await expect(raise(cluster, 2)).rejects.toMatchObject({
    code: 'FEATURE_LEVEL_UNSUPPORTED',
    message: expect.stringMatching(/broker 3 supports 1 to 1/),
  })
  expect(await raise(cluster)).toEqual({ level: 1 })
  await restart(cluster, 3, two)
  await expect(raise(cluster, 2, [{ broker: 101, range: undefined }])).rejects.toMatchObject({
    message: expect.stringMatching(/broker 101 supports 1 to 1/),
  })
  expect(await raise(cluster, 2)).toEqual({ level: 2 })
})

test('the metadata leader and the log decide for themselves, for any broker that asks', async () => {
  const cluster = await TestCluster.of(3, [two, two, one])
  const intent = { type: 'set-feature-level', level: 2, at: 1, broker: 2, by: '' } as const
  const fields = { id: 'raise', timeoutMs: 1000, intent: intentFields(intent) }
  const answer = await during(cluster, asked(cluster, 2, 1, 'MetadataCommand', fields))
  expect(answer).toMatchObject({ refusal: { code: 'FEATURE_LEVEL_UNSUPPORTED' } })
  const state = new MetadataState()
  const old = { id: 3, http: '', peer: '', pid: 1, incarnation: 'i', directoryId: 'd' }
  state.apply(1, { id: 'a', command: { type: 'register-broker', broker: old } })
  expect(state.apply(2, { id: 'b', command: intent }).result).toMatchObject({ code: 'FEATURE_LEVEL_UNSUPPORTED' })
  state.apply(3, { id: 'c', command: { type: 'register-broker', broker: { ...old, levels: two } } })
  expect(state.apply(4, { id: 'd', command: intent }).result).toMatchObject({ ok: true })
  expect(state.apply(5, { id: 'e', command: { type: 'register-broker', broker: old } }).result).toMatchObject({
    code: 'FEATURE_LEVEL_UNSUPPORTED',
  })
})

test('a broker that knows the level of its cluster and does not support it refuses to start', async () => {
  const cluster = await TestCluster.of(3, [two, two, two])
  await raise(cluster)
  await cluster.clock.advance(500)
  await expect(restart(cluster, 3, one)).rejects.toMatchObject({
    code: 'FEATURE_LEVEL_UNSUPPORTED',
    message: expect.stringContaining('Broker 3 supports 1 to 1, the cluster is at 2.'),
  })
})

test('one that learns of it later applies no more commands, reports that, and is not registered', async () => {
  const cluster = await upgraded()
  const { data } = cluster.broker(3)
  await cluster.kill(cluster.broker(3))
  await raise(cluster)
  await prioritise(cluster)
  cluster.levels.set(3, one)
  await cluster.start(3, [1, 2, 3], data)
  cluster.linkAll()
  await cluster.clock.advance(3000)
  const { node, logged } = cluster.broker(3)
  expect(node.api.readiness()).toMatchObject({ ready: false, reason: expect.stringContaining('the cluster is at 2') })
  expect(logged.filter((line) => line.includes('cannot go on'))).toHaveLength(1)
  const { brokers } = await cluster.broker(1).node.api.describeCluster()
  expect(brokers.find(({ id }) => id === 3)?.featureLevels).toEqual({ lowest: 1, highest: 2 })
  await restart(cluster, 3, two)
  expect(cluster.broker(3).node.api.readiness()).toMatchObject({ ready: true })
})

test('a newcomer that does not support the level is not admitted', async () => {
  const cluster = await TestCluster.of(3, [two, two, two])
  await raise(cluster)
  cluster.levels.set(4, one)
  await cluster.start(4, [1, 2, 3])
  cluster.linkAll()
  await cluster.clock.advance(5000)
  expect(cluster.broker(4).node.api.readiness().ready).toBe(false)
  expect((await cluster.broker(1).node.api.describeCluster()).brokers.find(({ id }) => id === 4)?.pid ?? 0).toBe(0)
})

test.each<[string, featureLevel: number, alwaysSupported: number, code?: string]>([
  ['a new cluster in which no broker has registered', 1, 0, 'NOT_READY'],
  ['a new cluster that is being raised', 1, 3, 'NOT_READY'],
  ['a cluster of which a broker has been older', 1, 2, 'FEATURE_LEVEL_TOO_LOW'],
  ['a cluster that somebody has raised, and not as far as could be', 2, 3, 'FEATURE_LEVEL_TOO_LOW'],
  ['a cluster that has the level', 3, 3],
])(
  'what needs a level is to be asked again only of a cluster that raises it by itself: %s',
  (_, featureLevel, alwaysSupported, code) => {
    expect(levelRefusal('Fencing tokens', FENCES, { featureLevel, alwaysSupported })?.code).toBe(code)
  },
)

test('partitions take fencing tokens from their level on, in a new cluster soon by itself', async () => {
  const refusal = (cluster: TestCluster) => cluster.broker(2).groups.opened.at(-1)!.fenceRefusal!()?.code ?? null
  const create = (cluster: TestCluster) => {
    const created = cluster.broker(1).node.api.createTopic({ name: 't', partitions: 1, replicas: 3 })
    return during(cluster, created)
  }
  const before: FeatureLevels = { ...two, highest: FENCES - 1 }
  const older = await TestCluster.of(3, [before, before, before])
  await create(older)
  expect([await levelAt(older, 2), refusal(older)]).toEqual([FENCES - 1, 'FEATURE_LEVEL_TOO_LOW'])
  const cluster = await TestCluster.of(3)
  await create(cluster)
  await cluster.clock.advance(3000)
  expect([(await levelAt(cluster, 2))! >= FENCES, refusal(cluster)]).toEqual([true, null])
})
