import { isAsker } from '../routing/asker-fields.ts'
import type { RequestHandler } from './request.ts'
import { anything, withoutBody } from './request.ts'

/** Is appended before the first await, so that arrival order is log order. */
export const publish: RequestHandler<'Publish'> = {
  check: ({ asker }) => isAsker(asker),
  checkReply: anything,
  async answer({ publisher }, from, { topic, partition, timeoutMs, topicId, asker }, body) {
    const options = { timeoutMs, asker: asker ?? undefined, from, ...(topicId !== undefined && { topicId }) }
    const { token, holders = [], ...place } = await publisher.publishAsLeader(topic, partition, body, options)
    return withoutBody({ ...place, ...token, holders })
  },
}
