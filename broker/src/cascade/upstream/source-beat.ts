import type { BrokerId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import { FIRST_LEVEL, featureLevels, outOfRange, supports } from '../../cluster/metadata/feature-levels.ts'
import type { AskedBeats } from '../wire/asked-beats.ts'
import { checkBeatReply } from '../wire/beat-checks.ts'
import type { CascadeBeat, CascadeBeatReply } from '../wire/cascade-messages.ts'
import type { SourceLink } from './source-link.ts'

export interface BeatDeps {
  readonly brokerId: BrokerId
  /** The cluster whose records the data folder holds; empty: none yet. */
  readonly clusterId: () => string
  readonly describe: () => CascadeBeat
}

/**
 * Sends a beat, `beats`: those of this connection, and checks that this broker may copy from the source that answers.
 * @throws TailraceError CASCADE_CYCLE, CLUSTER_MISMATCH, FEATURE_LEVEL_UNSUPPORTED, INCOMPATIBLE_PEER, TIMED_OUT,
 * CONNECTION_LOST; the source's own error
 */
export async function sendBeat(
  link: SourceLink,
  address: string,
  deps: BeatDeps,
  beats: AskedBeats,
  timeoutMs: number,
): Promise<CascadeBeatReply> {
  const { reports, ...sender } = deps.describe()
  const { beat, fields: told } = beats.next(reports)
  const { fields } = await link.request('CascadeBeat', { ...sender, ...told }, timeoutMs).catch((error) => {
    throw explained(error, address)
  })
  const reply = beats.answered(beat, checkBeatReply(fields, address), fields)
  const clusterId = deps.clusterId()
  if (clusterId !== '' && reply.clusterId !== clusterId) {
    const detail = `${address} belongs to cluster ${reply.clusterId}, the records here to ${clusterId}.`
    throw new TailraceError('CLUSTER_MISMATCH', detail)
  }
  const { featureLevel = FIRST_LEVEL.lowest } = reply.cluster
  if (!supports(featureLevels, featureLevel)) throw outOfRange(deps.brokerId, featureLevels, featureLevel)
  if (reply.ancestors.includes(deps.brokerId)) {
    throw new TailraceError('CASCADE_CYCLE', `${address} copies from ${reply.ancestors.join(', which copies from ')}.`)
  }
  return reply
}

/** A source of an earlier version does not know the message: it took beats over HTTP. */
function explained(error: unknown, address: string): unknown {
  if (!(error instanceof TailraceError) || error.code !== 'UNSUPPORTED_MESSAGE') return error
  const detail = `${address} takes no beats on its WebSocket. Update it first: a source before the brokers that copy from it.`
  return new TailraceError('INCOMPATIBLE_PEER', detail, { cause: error })
}
