import { isNatural, isPositive } from '../metadata/commands/command-checks.ts'
import { alterCluster } from './asked-for.ts'
import type { GroupRequestHandler } from './request.ts'
import { anything, withoutBody } from './request.ts'

export const offerSnapshot: GroupRequestHandler<'OfferSnapshot'> = {
  check: ({ group, source, index, term }) => isPositive(source) && [group, index, term].every(isNatural),
  needs: alterCluster,
  checkReply: anything,
  async answer({ groupRequests }, _from, { group, source, index, term }) {
    groupRequests.offerSnapshot(group, source, { index, term })
    return withoutBody({})
  },
}
