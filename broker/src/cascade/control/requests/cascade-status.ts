import { theCluster } from '../../../cluster/requests/asked-for.ts'
import type { RequestHandler } from '../../../cluster/requests/request.ts'
import { anything, withoutBody } from '../../../cluster/requests/request.ts'
import { isAssigned } from '../../wire/beat-checks.ts'
import { listOf } from '../../wire/json-checks.ts'
import type { LevelZeroControl } from '../level-zero-control.ts'

/** A broker of level 0 asks the metadata leader for all cascade brokers. */
export const cascadeStatus: RequestHandler<'CascadeStatus', Pick<LevelZeroControl, 'statusAsLeader'>> = {
  check: anything,
  needs: () => [[['describe', theCluster]]],
  checkReply: ({ brokers }) => listOf(isAssigned)(brokers),
  answer: async (control) => withoutBody(await control.statusAsLeader()),
}
