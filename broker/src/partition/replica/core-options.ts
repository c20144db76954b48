import type { BrokerId } from '@tailrace/schemas'
import { TERM_START_BYTES } from '@tailrace/schemas'
import type { Random } from '../../platform/random.ts'
import type { RaftOptions } from '../../raft/config.ts'
import type { GroupSpec } from '../group.ts'
import type { PartitionSettings } from '../settings.ts'
import { configurationBytes } from './state/configuration-codec.ts'

/**
 * Ticks in an election timeout. Every tick wakes an idle broker, so they are few; brokers' ticks are not in step, which
 * tells equal draws apart.
 */
export const ELECTION_TICKS = 5

export interface CoreParts {
  readonly brokerId: BrokerId
  readonly spec: GroupSpec
  readonly settings: PartitionSettings
  readonly random: Random
  readonly heartbeatTicks: number
}

/** A replica's consensus core, built from the broker's settings and the group's specification. */
export function coreOptions({ brokerId, spec, settings, random, heartbeatTicks }: CoreParts): RaftOptions {
  const { admission = 0, electionFactor = 1 } = spec
  return {
    id: brokerId,
    // A replica that was added later knows only its log, and does not vote before that names it.
    configuration: { voters: admission > 0 ? [] : spec.voters, outgoing: [], learners: [] },
    admission,
    electionFactor,
    configurationBytes,
    electionTicks: ELECTION_TICKS,
    heartbeatTicks,
    maxAppendBytes: settings.maxAppendBytes,
    maxInflightAppends: settings.maxInflightAppends,
    maxInflightBytes: settings.maxInflightBytes,
    maxUncommittedBytes: settings.maxUncommittedBytes,
    controlBytes: TERM_START_BYTES,
    announceCommit: spec.stateMachine !== null,
    sleepAfterTicks: Math.ceil(settings.sleepAfterMs / (settings.electionTimeoutMs / ELECTION_TICKS)),
    random: (bound) => random.below(bound),
  }
}
