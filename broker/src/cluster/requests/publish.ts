import type { RequestHandler } from './request.ts'
import { anything, withoutBody } from './request.ts'

/** Is appended before the first await, so that arrival order is log order. */
export const publish: RequestHandler<'Publish'> = {
  check: anything,
  checkReply: anything,
  async answer({ publisher }, _from, { correlation: _, topic, partition, ...options }, body) {
    const { token, holders = [], ...place } = await publisher.publishAsLeader(topic, partition, body, options)
    return withoutBody({ ...place, ...token, holders })
  },
}
