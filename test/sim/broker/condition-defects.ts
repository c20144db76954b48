import { EntryKind, readControl } from '@tailrace/schemas'
import type { BrokerGroups } from '../../../broker/src/partition/broker/groups.ts'
import type { Group } from '../../../broker/src/partition/group.ts'
import { Conditions } from '../../../broker/src/partition/replica/publish/conditions.ts'
import type { Replica } from '../../../broker/src/partition/replica/replica.ts'
import { Fence } from '../../../broker/src/partition/replica/state/fence.ts'
import type { BrokerDefects } from './defects.ts'

/** Changes how replicas judge the conditions of publishes, from when they are opened. */
export function defectiveConditions(
  { conditionsByCommit, fencesInMemory }: BrokerDefects,
  groups: Pick<BrokerGroups, 'open'>,
): void {
  if (!conditionsByCommit && !fencesInMemory) return
  const open = groups.open.bind(groups)
  groups.open = async (spec): Promise<Group> => {
    const group = await open(spec)
    const { driver } = group as Replica
    if (conditionsByCommit) Object.defineProperty(driver.core, 'nextOffset', { get: () => driver.state.highWatermark })
    if (fencesInMemory) keepInMemory(driver)
    return group
  }
}

/** Only what this leader itself has accepted counts. */
function keepInMemory(driver: Replica['driver']): void {
  const fence = new Fence()
  Object.defineProperty(driver.state, 'fence', { value: fence })
  const propose = driver.propose.bind(driver)
  driver.propose = (batch, records, kind) => {
    const control = kind === EntryKind.Fence ? readControl(batch, 0) : null
    const header = propose(batch, records, kind)
    if (control?.kind === EntryKind.Fence && typeof header === 'object') fence.appended(header.index, control.fence)
    return header
  }
}

/** With the defect all replicas answer a refusal without waiting. Returns how to end that. */
export function hastenRefusals({ refusalsAtOnce }: BrokerDefects): () => void {
  if (!refusalsAtOnce) return () => {}
  const { settled } = Conditions.prototype
  Conditions.prototype.settled = async () => {}
  return () => {
    Conditions.prototype.settled = settled
  }
}
