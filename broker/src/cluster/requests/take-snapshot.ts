import { isNatural } from '../metadata/commands/command-checks.ts'
import { alterCluster } from './asked-for.ts'
import type { GroupRequestHandler } from './request.ts'
import { withoutBody } from './request.ts'

export const takeSnapshot: GroupRequestHandler<'TakeSnapshot'> = {
  check: ({ group }) => isNatural(group),
  needs: alterCluster,
  checkReply: ({ index, term, at, bytes }) => [index, term, at, bytes].every(isNatural),
  async answer({ groupRequests }, _from, { group }) {
    const { index, term, at, bytes } = await groupRequests.takeSnapshot(group)
    return withoutBody({ index, term, at, bytes })
  },
}
