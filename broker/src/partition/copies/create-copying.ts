import type { CopyServices } from './copy-services.ts'
import { ProducerRecovery } from './producer-recovery.ts'
import { RepairController } from './repair-controller.ts'
import { SnapshotController, type SnapshotControllerDeps } from './snapshot-controller.ts'

export interface CopyingDeps extends Omit<SnapshotControllerDeps, keyof CopyServices> {
  readonly producersUnknown: boolean
  /** Gives up leadership and every promise made on this log. */
  readonly distrust: (reason: string) => void
}

export interface Copying {
  readonly snapshots: SnapshotController
  readonly repairs: RepairController
  readonly producers: ProducerRecovery
}

/** The parts of one replica that copy to and from others. */
export function createCopying(services: CopyServices, deps: CopyingDeps): Copying {
  const { core, driver, spec } = deps
  // One object for all of them: there are thousands of replicas.
  const shared = {
    ...services,
    ...deps,
    core,
    log: () => driver.log,
    state: () => driver.state,
    commitIndex: () => driver.state.commitIndex,
    electionFactor: () => spec().electionFactor ?? 1,
  }
  const snapshots = new SnapshotController(shared)
  const producers = new ProducerRecovery(shared, deps.producersUnknown)
  const repairs = new RepairController(shared, (before) => snapshots.cutStart(before))
  return { snapshots, repairs, producers }
}
