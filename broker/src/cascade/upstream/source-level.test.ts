import { expect, test } from 'vitest'
import { featureLevels } from '../../cluster/metadata/feature-levels.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { beatAnswer } from '../testing/scripted-answers.ts'
import { ScriptedSource } from '../testing/scripted-source.ts'
import type { SessionDeps } from './source-session.ts'
import { SourceSession } from './source-session.ts'

const { highest } = featureLevels

/** A source of a cluster at this level; null: it does not know the level. */
function openAt(featureLevel: number | null): Promise<SourceSession> {
  const deps = {
    brokerId: 101,
    describe: () => ({ clusterId: '', broker: 101, reports: [] }),
    clusterId: () => '',
    sockets: new ScriptedSource(() => ({ ...beatAnswer, featureLevel })),
    clock: new ManualClock(),
    copies: { all: () => [] },
  }
  return SourceSession.open('source:1', deps as unknown as SessionDeps)
}

test('a cascade broker copies from a cluster whose feature level it supports, and from no other', async () => {
  for (const level of [null, 1, highest]) (await openAt(level)).close()
  await expect(openAt(highest + 1)).rejects.toMatchObject({
    code: 'FEATURE_LEVEL_UNSUPPORTED',
    message: expect.stringContaining(`Broker 101 supports 1 to ${highest}, the cluster is at ${highest + 1}.`),
  })
})
