import { askerOf } from '../../security/identity/asker-fields.ts'
import { topicNamed } from './asked-for.ts'
import type { RequestHandler } from './request.ts'
import { anything, withoutBody } from './request.ts'

/** Is appended before the first await, so that arrival order is log order. */
export const publish: RequestHandler<'Publish'> = {
  check: anything,
  needs: ({ topic }) => [[['write', topicNamed(topic)]]],
  checkReply: anything,
  async answer({ publisher }, from, fields, body) {
    const { topic, partition, timeoutMs, topicId } = fields
    const asker = askerOf(fields) ?? undefined
    const options = { timeoutMs, asker, from, ...(topicId !== undefined && { topicId }) }
    const { token, holders = [], ...place } = await publisher.publishAsLeader(topic, partition, body, options)
    return withoutBody({ ...place, ...token, holders })
  },
}
