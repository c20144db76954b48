import type { RequestHandler } from '../../../cluster/requests/request.ts'
import type { CascadeRequestName } from '../../../cluster/requests/table.ts'
import type { LevelZeroControl } from '../level-zero-control.ts'
import { assignSource } from './assign-source.ts'
import { cascadeReports } from './cascade-reports.ts'
import { cascadeStatus } from './cascade-status.ts'

/** The part of the control that answers other brokers of level 0 at the metadata leader. */
export type LeaderControl = Pick<LevelZeroControl, 'hearAsLeader' | 'statusAsLeader' | 'assignAsLeader'>

/** All requests of brokers of level 0 to the metadata leader about cascade brokers; members are answered. */
export const cascadeRequestTable: {
  readonly [Name in CascadeRequestName]: RequestHandler<Name, LeaderControl>
} = {
  CascadeReports: cascadeReports,
  CascadeStatus: cascadeStatus,
  AssignSource: assignSource,
}
