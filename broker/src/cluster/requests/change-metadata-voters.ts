import { isBrokerSet } from '../metadata/commands/command-checks.ts'
import { alterCluster } from './asked-for.ts'
import type { GroupRequestHandler } from './request.ts'
import { anything, withoutBody } from './request.ts'

export const changeMetadataVoters: GroupRequestHandler<'ChangeMetadataVoters'> = {
  check: ({ voters }) => isBrokerSet(voters) && voters.length > 0,
  needs: alterCluster,
  checkReply: anything,
  async answer({ groupRequests }, _from, { voters }) {
    await groupRequests.changeMetadataVoters(voters)
    return withoutBody({})
  },
}
