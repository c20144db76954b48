import type { BrokerId, Message } from '@tailrace/schemas'
import type { ReplyFields, RequestFields } from '../../partition/peers.ts'
import type { GroupCallName, GroupCallsDeps } from '../members/group-calls.ts'
import type { GroupRequestAnswerer } from '../members/group-requests.ts'
import type { GroupRequestHandler } from './request.ts'
import { requestTable } from './table.ts'

const nothing = new Uint8Array(0)
const rows: { readonly [Name in GroupCallName]: { readonly handler: GroupRequestHandler<Name> } } = requestTable

/** Requests about groups that a broker has for itself, answered like those of another broker. */
export function answersHere(brokerId: BrokerId, groupRequests: GroupRequestAnswerer): GroupCallsDeps['here'] {
  return async <Name extends GroupCallName>(name: Name, fields: RequestFields<Name>): Promise<ReplyFields<Name>> => {
    const asked = { correlation: 0, ...fields } as unknown as Message<Name>
    return (await rows[name].handler.answer({ groupRequests }, brokerId, asked, nothing)).fields
  }
}
