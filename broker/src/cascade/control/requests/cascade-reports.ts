import type { RequestHandler } from '../../../cluster/requests/request.ts'
import { withoutBody } from '../../../cluster/requests/request.ts'
import { isAssignment, isClusterBroker, isReport } from '../../wire/beat-checks.ts'
import { decisionFields } from '../../wire/cascade-fields.ts'
import { listOf } from '../../wire/json-checks.ts'
import type { LevelZeroControl } from '../level-zero-control.ts'

/** A broker of level 0 passes the reports of a beat on to the metadata leader. */
export const cascadeReports: RequestHandler<'CascadeReports', Pick<LevelZeroControl, 'hearAsLeader'>> = {
  check: ({ reports }) => listOf(isReport)(reports),
  needs: 'no-client',
  checkReply: ({ assignments, cascades }) => listOf(isAssignment)(assignments) && listOf(isClusterBroker)(cascades),
  answer: async (control, _from, { reports }) => withoutBody(decisionFields(await control.hearAsLeader(reports))),
}
