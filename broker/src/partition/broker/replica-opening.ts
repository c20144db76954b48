import type { BrokerId, GroupId, Term } from '@tailrace/schemas'
import type { GroupLog, LogStorage, StateStore } from '../../log/log-storage.ts'
import type { Crc32c } from '../../platform/checksum.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { Random } from '../../platform/random.ts'
import type { RaftOptions, RaftStart } from '../../raft/config.ts'
import type { RaftCore } from '../../raft/core.ts'
import { createRaft } from '../../raft/group.ts'
import type { CopyServices } from '../copies/copy-services.ts'
import { createCopying } from '../copies/create-copying.ts'
import type { GroupSpec } from '../group.ts'
import { coreOptions, ELECTION_TICKS } from '../replica/core-options.ts'
import { type Recovered, recoverReplica } from '../replica/recovery.ts'
import { Replica } from '../replica/replica.ts'
import type { ReplicaServices } from '../replica/replica-services.ts'
import { CheckpointSchedule } from '../replica/state/checkpoint.ts'
import { isTooMuchForFollowers } from '../replica/state/disk-wait.ts'
import type { PartitionSettings } from '../settings.ts'
import type { Admissions } from './admission-record.ts'
import type { ReplicaScheduler } from './replica-scheduler.ts'

export interface ReplicaOpeningDeps {
  readonly brokerId: BrokerId
  readonly storage: LogStorage
  readonly store: StateStore
  readonly clock: Clock
  readonly random: Random
  readonly crc32c: Crc32c
  readonly logger: Logger
  readonly settings: PartitionSettings
  /**
   * Makes a group's consensus core in the place of `createRaft`: for a simulator that watches it, or switches a
   * mechanism off.
   */
  readonly createCore?: CreateCore
}

export type CreateCore = (options: RaftOptions, start: RaftStart, group: GroupId) => RaftCore

/** The events that an opened replica tells its broker. */
export interface ReplicaEvents {
  readonly distrustDisk: (reason: string) => void
  readonly onLeadership: (group: GroupId, term: Term, leader: BrokerId) => void
}

/** The damage of a replica that the disk may have lost without a trace. */
const forgotten = { fromIndex: 1, reason: 'the journal has lost records, perhaps of this group' }

/** Recovers replicas that are on the disk, creates those that are not, and puts each together. */
export class ReplicaOpening {
  readonly #deps: ReplicaOpeningDeps
  readonly #services: ReplicaServices & CopyServices
  readonly #admissions: Admissions
  readonly #scheduler: ReplicaScheduler
  readonly #events: ReplicaEvents

  constructor(
    deps: ReplicaOpeningDeps,
    services: ReplicaServices & CopyServices,
    admissions: Admissions,
    scheduler: ReplicaScheduler,
    events: ReplicaEvents,
  ) {
    this.#deps = deps
    this.#services = services
    this.#admissions = admissions
    this.#scheduler = scheduler
    this.#events = events
  }

  /** `isNew`: the replica has never voted. */
  async open(wanted: GroupSpec): Promise<{ readonly replica: Replica; readonly isNew: boolean }> {
    const { storage, store, settings, brokerId, random, crc32c } = this.#deps
    const stored = storage.group(wanted.group)
    const isForgotten = storage.mayHaveForgotten && wanted.isNew !== true
    const log = stored ?? storage.create(wanted.group, isForgotten ? forgotten : undefined)
    const recovered = await recoverReplica(log, wanted, {
      store,
      crc32c,
      created: stored === undefined,
      producerCapacity: settings.producerCapacity,
    })
    const { raft } = recovered
    const admission = await this.#admissions.of(wanted.group, brokerId, {
      stored: stored !== undefined,
      wanted: wanted.admission ?? 0,
      configurations: raft.configurations,
    })
    const spec: GroupSpec = { ...wanted, admission }
    const { ticksPerBeat: heartbeatTicks } = this.#scheduler
    const createCore: CreateCore = this.#deps.createCore ?? createRaft
    const core = createCore(coreOptions({ brokerId, spec, settings, random, heartbeatTicks }), raft, spec.group)
    log.essential = spec.stateMachine !== null
    return { replica: this.#put(spec, core, log, recovered), isNew: raft.hardState.term === 0 }
  }

  #put(spec: GroupSpec, core: RaftCore, log: GroupLog, { state, producersUnknown }: Recovered): Replica {
    const { clock, logger, settings } = this.#deps
    const scheduler = this.#scheduler
    const replica: Replica = new Replica({
      group: spec.group,
      spec,
      core,
      log,
      state,
      producersUnknown,
      clock,
      logger,
      present: spec.present,
      services: this.#services,
      peers: scheduler.beats,
      schedule: new CheckpointSchedule(settings.checkpointBytes, state),
      inSyncTicks: ELECTION_TICKS,
      copying: (copied) => createCopying(this.#services, copied),
      // After the present turn: a core is at work in it.
      distrustDisk: (reason) => clock.soon(() => this.#events.distrustDisk(reason)),
      catchUp: () => scheduler.catchUp(),
      takesRecords: () => this.#takesRecords(spec),
      wake: () => scheduler.schedule(replica),
      broken: (error) => scheduler.stopBroken(replica, error),
      wakeAtBeat: () => scheduler.scheduleAtBeat(replica),
      onLeadership: this.#events.onLeadership,
    })
    return replica
  }

  /** Without the groups of state machines a broker works no more: they go on with little room on the disk. */
  #takesRecords({ stateMachine }: GroupSpec): boolean {
    if (stateMachine !== null) return stateMachine.hasRoom ?? true
    return !(this.#deps.storage.cramped || isTooMuchForFollowers(this.#services))
  }
}
