import { areShort, isNatural } from '../metadata/commands/command-checks.ts'
import { isClusterRecord, recordFields } from '../metadata/formation-record.ts'
import type { RequestHandler } from './request.ts'
import { anything, withoutBody } from './request.ts'

export const join: RequestHandler<'Join'> = {
  check: anything,
  needs: 'no-client',
  checkReply: ({ record, admission, addresses }) =>
    isClusterRecord(record) && isNatural(admission) && areShort(...addresses),
  async answer({ receiveApplication }, from) {
    const { record, admission, addresses } = await receiveApplication(from)
    return withoutBody({ record: recordFields(record), admission, addresses: [...addresses] })
  },
}
