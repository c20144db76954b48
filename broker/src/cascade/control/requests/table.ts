import type { RequestHandler } from '../../../cluster/requests/request.ts'
import type { CascadeRequestName } from '../../../cluster/requests/table.ts'
import type { LevelZeroControl } from '../level-zero-control.ts'
import { assignSource } from './assign-source.ts'
import { cascadeReports } from './cascade-reports.ts'
import { cascadeStatus } from './cascade-status.ts'

/** What the metadata leader does for other brokers of level 0. */
export type LeaderControl = Pick<LevelZeroControl, 'hearAsLeader' | 'statusAsLeader' | 'assignAsLeader'>

/** All that brokers of level 0 ask the metadata leader about cascade brokers; members of the cluster are answered. */
export const cascadeRequestTable: {
  readonly [Name in CascadeRequestName]: RequestHandler<Name, LeaderControl>
} = {
  CascadeReports: cascadeReports,
  CascadeStatus: cascadeStatus,
  AssignSource: assignSource,
}
