import { conditionOf } from '../../partition/publish-condition.ts'
import { askerOf } from '../../security/identity/asker-fields.ts'
import { topicNamed } from './asked-for.ts'
import type { RequestHandler } from './request.ts'
import { anything, withoutBody } from './request.ts'

/** As `publish`, under a condition. */
export const publishIf: RequestHandler<'PublishIf'> = {
  check: anything,
  needs: ({ topic }) => [[['write', topicNamed(topic)]]],
  checkReply: anything,
  async answer({ publisher }, from, fields, body) {
    const { topic, partition, timeoutMs, topicId } = fields
    const asker = askerOf(fields) ?? undefined
    const condition = conditionOf(fields)
    const options = { timeoutMs, asker, from, condition, ...(topicId !== undefined && { topicId }) }
    const { token, holders = [], ...place } = await publisher.publishAsLeader(topic, partition, body, options)
    return withoutBody({ ...place, ...token, holders })
  },
}
