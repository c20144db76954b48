import type { BrokerId, GroupId, Offset, TailraceError, Term } from '@tailrace/schemas'
import type { GroupSpec } from '../group.ts'
import { type DriverDeps, GroupDriver } from './driver.ts'
import { tellOddities } from './oddities.ts'
import { Operations } from './operations.ts'
import { Publishing } from './publish/publishing.ts'
import { Reading } from './read/reading.ts'
import type { CopyingReplica, ReplicaCopying } from './replica-copying.ts'
import type { ReplicaLife } from './replica-life.ts'
import type { ReplicaServices } from './replica-services.ts'
import type { CheckpointSchedule } from './state/checkpoint.ts'

export interface ReplicaDeps extends DriverDeps {
  readonly producersUnknown: boolean
  readonly spec: GroupSpec
  readonly services: ReplicaServices
  readonly schedule: CheckpointSchedule
  readonly inSyncTicks: number
  readonly copying: (replica: CopyingReplica) => ReplicaCopying
  readonly distrustDisk: (reason: string) => void
  /** Feeds all replicas the ticks that are due. */
  readonly catchUp: () => void
  readonly onLeadership: (group: GroupId, term: Term, leader: BrokerId) => void
}

/** The replica that the parts belong to, as they see it. */
export interface PartsOwner {
  readonly id: GroupId
  readonly spec: GroupSpec
  readonly driver: GroupDriver
  readonly life: ReplicaLife
  readonly isLeader: boolean
  readonly incomplete: boolean
  readonly highWatermark: Offset
  readonly logStart: Offset
  notLeader(): TailraceError
  leadershipChanged(): void
}

export interface ReplicaParts {
  readonly driver: GroupDriver
  readonly operations: Operations
  readonly publishing: Publishing
  readonly reading: Reading
  readonly copying: ReplicaCopying
}

/** Election timeouts after which an operator's request has failed, even if it may still take effect. */
const OPERATION_TIMEOUTS = 4

/** Puts together the parts of one replica. The parts use `owner` only after its construction. */
export function createParts(deps: ReplicaDeps, owner: PartsOwner): ReplicaParts {
  const { services, clock, core, wake, broken, logger, schedule, catchUp } = deps
  const { metrics, settings } = services
  const group = deps.spec.group
  const oddities = { group, logger, metrics, distrustDisk: deps.distrustDisk }
  const driver: GroupDriver = new GroupDriver(deps, {
    appended: (bytes) => {
      schedule.appended(bytes)
      snapshots.appended(bytes)
      publishing.written()
    },
    committed: (index) => publishing.committed(index),
    highWatermarkAdvanced: () => reading.advanced(),
    settled: () => reading.review(),
    acknowledged: () => publishing.acknowledged(),
    leadership: () => owner.leadershipChanged(),
    persisted: () => {
      snapshots.persisted()
      publishing.persisted()
    },
    asked: (ready) => {
      operations.settle(ready)
      snapshots.asked(ready)
      tellOddities(ready, oddities)
    },
    offered: (lastIndex) => snapshots.offered(lastIndex),
  })
  const checkRunning = (): void => owner.life.checkRunning()
  const notLeader = (): TailraceError => owner.notLeader()
  const spec = (): GroupSpec => owner.spec
  const timeoutMs = OPERATION_TIMEOUTS * settings.electionTimeoutMs
  const wakeUp = (): void => driver.wakeUp()
  const operations = new Operations({ core, clock, metrics, timeoutMs, checkRunning, wakeUp, wake })
  const repair = (): Promise<void> => copying.repairs.repair()
  const reading = new Reading({ driver, services, wake, notLeader, catchUp, checkRunning, repair, replica: owner })
  const confirmed = (): Promise<void> | undefined => reading.confirmed(true)
  const incomplete = (): boolean => owner.incomplete
  const publishing = new Publishing({ driver, services, spec, notLeader, broken, confirmed, incomplete })
  const copying = deps.copying({
    group,
    core,
    driver,
    schedule,
    spec,
    producersUnknown: deps.producersUnknown,
    replica: owner,
    incomplete,
    wake,
    broken,
    distrust: (reason) => driver.distrust(reason),
  })
  const { snapshots } = copying
  return { driver, operations, publishing, reading, copying }
}
