import type { RequestHandler } from './request.ts'
import { anything, withoutBody } from './request.ts'

export const initProducer: RequestHandler<'InitProducer'> = {
  check: anything,
  checkReply: anything,
  async answer({ producerIds }) {
    return withoutBody({ producerId: await producerIds.take(), epoch: 0 })
  },
}
