import { isClusterRecord, readFormation } from '../metadata/formation-record.ts'
import type { RequestHandler } from './request.ts'
import { anything, withoutBody } from './request.ts'

export const formation: RequestHandler<'Formation'> = {
  check: ({ record }) => isClusterRecord(record),
  needs: 'no-client',
  checkReply: anything,
  async answer({ receiveFormation }, from, { record }) {
    await receiveFormation(from, readFormation(record))
    return withoutBody({})
  },
}
