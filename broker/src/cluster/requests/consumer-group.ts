import { checkedGroupRequest, groupRequestOf } from '../../consumer-groups/wire/request-fields.ts'
import { groupResultFields, isResult } from '../../consumer-groups/wire/result-fields.ts'
import { consumerGroupNeeds } from '../../security/access/consumer-group-needs.ts'
import { askerOf } from '../../security/identity/asker-fields.ts'
import type { RequestHandler } from './request.ts'
import { withoutBody } from './request.ts'

/** For the coordinator of a consumer group. The fields are checked where they are read, with a code that says more. */
export const consumerGroup: RequestHandler<'ConsumerGroup'> = {
  check: (fields) => groupRequestOf(fields) !== null,
  needs: (fields) => consumerGroupNeeds(checkedGroupRequest(fields)).map((needed) => [needed]),
  checkReply: ({ result }) => isResult(result),
  async answer({ consumerGroups }, _from, fields) {
    const result = await consumerGroups.answerHere(checkedGroupRequest(fields), askerOf(fields))
    return withoutBody({ result: groupResultFields(result) })
  },
}
