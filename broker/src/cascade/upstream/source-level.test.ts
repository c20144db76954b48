import { expect, test } from 'vitest'
import type { SessionDeps } from './source-session.ts'
import { SourceSession } from './source-session.ts'

/** A source of a cluster at this level; undefined: of the time before levels. */
function openAt(featureLevel: number | undefined): Promise<SourceSession> {
  const level = featureLevel === undefined ? {} : { featureLevel }
  const cluster = { clusterId: 'c', metadataLeader: 1, ...level, brokers: [] }
  const reply = {
    clusterId: 'c',
    broker: 1,
    level: 0,
    ancestors: [1],
    assignments: [],
    cluster,
    topics: '',
    topicList: null,
  }
  const deps = {
    brokerId: 101,
    describe: () => ({ clusterId: '', broker: 101, reports: [] }),
    clusterId: () => '',
    http: { request: async () => reply },
    clock: { monotonic: () => 0 },
    copies: { all: () => [] },
  }
  return SourceSession.open('source:1', deps as unknown as SessionDeps)
}

test('a cascade broker copies from a cluster whose feature level it supports, and from no other', async () => {
  for (const level of [undefined, 1]) (await openAt(level)).close()
  await expect(openAt(2)).rejects.toMatchObject({
    code: 'FEATURE_LEVEL_UNSUPPORTED',
    message: expect.stringContaining('Broker 101 supports 1 to 1, the cluster is at 2.'),
  })
})
