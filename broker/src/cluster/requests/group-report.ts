import { groupReportFields, isGroupReport } from '../members/group-report-fields.ts'
import { isNatural } from '../metadata/commands/command-checks.ts'
import { onGroup } from './asked-for.ts'
import type { GroupRequestHandler } from './request.ts'
import { withoutBody } from './request.ts'

export const groupReport: GroupRequestHandler<'GroupReport'> = {
  check: ({ group }) => isNatural(group),
  needs: ({ group }, state) => [onGroup('describe', group, state)],
  checkReply: isGroupReport,
  async answer({ groupRequests }, _from, { group, tail }) {
    return withoutBody(groupReportFields(groupRequests.report(group, tail)))
  },
}
