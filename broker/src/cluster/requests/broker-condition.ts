import { isCondition } from '../members/conditions.ts'
import type { RequestHandler } from './request.ts'
import { anything, withoutBody } from './request.ts'

/** Another broker shows how all are. */
export const brokerCondition: RequestHandler<'BrokerCondition'> = {
  check: anything,
  needs: 'no-client',
  checkReply: ({ condition }) => isCondition(condition),
  answer: async ({ condition }) => withoutBody({ condition: condition() }),
}
