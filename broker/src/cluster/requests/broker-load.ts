import { isLoad } from '../balance/broker-loads.ts'
import type { RequestHandler } from './request.ts'
import { anything, withoutBody } from './request.ts'

/** Another broker plans the spread of replicas. */
export const brokerLoad: RequestHandler<'BrokerLoad'> = {
  check: anything,
  needs: 'no-client',
  checkReply: isLoad,
  answer: async ({ load }) => withoutBody(load()),
}
