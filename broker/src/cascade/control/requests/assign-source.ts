import { alterCluster } from '../../../cluster/requests/asked-for.ts'
import type { RequestHandler } from '../../../cluster/requests/request.ts'
import { anything, withoutBody } from '../../../cluster/requests/request.ts'
import { isBrokerNumber, isSmallCount } from '../../wire/json-checks.ts'
import type { LevelZeroControl } from '../level-zero-control.ts'

/** An operator chooses a source at a broker that does not lead the metadata group. */
export const assignSource: RequestHandler<'AssignSource', Pick<LevelZeroControl, 'assignAsLeader'>> = {
  check: ({ broker, source }) => isBrokerNumber(broker) && isSmallCount(source),
  needs: alterCluster,
  checkReply: anything,
  async answer(control, _from, { broker, source }) {
    await control.assignAsLeader(broker, source)
    return withoutBody({})
  },
}
