import type { RequestHandler } from '../../../cluster/requests/request.ts'
import type { CascadeRequestName } from '../../../cluster/requests/table.ts'
import type { LeaderControl } from '../leader-control.ts'
import { assignSource } from './assign-source.ts'
import { cascadeReports } from './cascade-reports.ts'
import { cascadeStatus } from './cascade-status.ts'

/** All requests of brokers of level 0 to the metadata leader about cascade brokers; members are answered. */
export const cascadeRequestTable: {
  readonly [Name in CascadeRequestName]: RequestHandler<Name, LeaderControl>
} = {
  CascadeReports: cascadeReports,
  CascadeStatus: cascadeStatus,
  AssignSource: assignSource,
}
