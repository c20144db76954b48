import type { RequestHandler } from '../../../cluster/requests/request.ts'
import { withoutBody } from '../../../cluster/requests/request.ts'
import { areAnswerNumbers, areBeatNumbers, isAssignment, isClusterBroker, isReport } from '../../wire/beat-checks.ts'
import { listOf } from '../../wire/json-checks.ts'
import type { LeaderControl } from '../leader-control.ts'

/** A broker of level 0 passes the reports of a beat on to the metadata leader. */
export const cascadeReports: RequestHandler<'CascadeReports', Pick<LeaderControl, 'hearAsLeader' | 'answersTo'>> = {
  check: (fields) => listOf(isReport)(fields.reports) && areBeatNumbers(fields),
  needs: 'no-client',
  checkReply: ({ assignments, cascades, ...numbers }) =>
    listOf(isAssignment)(assignments) && listOf(isClusterBroker)(cascades) && areAnswerNumbers(numbers),
  answer: async (control, from, fields) => {
    const answers = control.answersTo(from, fields.reports[0]?.broker ?? 0)
    const reports = answers.reports(fields)
    return withoutBody(answers.decision(await control.hearAsLeader(reports), reports, fields.list))
  },
}
