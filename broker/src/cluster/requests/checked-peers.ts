import type { BrokerId } from '@tailrace/schemas'
import type { PeerReply, Peers, ReplyFields, RequestFields, RequestName } from '../../partition/peers.ts'
import { checkReply } from './request.ts'
import type { ClusterRequestName, RequestRow } from './table.ts'
import { requestTable } from './table.ts'

type Asked = Pick<Peers, 'request' | 'connected' | 'identity'>
type ReplyCheck = (fields: ReplyFields<RequestName>) => boolean

/** Requests to other brokers, for parts that rely on the content of an answer: it is checked before they see it. */
export function checkedPeers(peers: Asked): Asked {
  return {
    connected: (broker) => peers.connected(broker),
    identity: (broker) => peers.identity(broker),
    async request<Name extends RequestName>(
      to: BrokerId,
      name: Name,
      fields: RequestFields<Name>,
      body: readonly Uint8Array[],
      timeoutMs: number,
    ): Promise<PeerReply<Name>> {
      const reply = await peers.request(to, name, fields, body, timeoutMs)
      checkReply<RequestName>(name, { checkReply: replyCheckOf(name) }, reply.fields, to)
      return reply
    },
  }
}

function replyCheckOf(name: RequestName): ReplyCheck {
  const rows: { readonly [Name in ClusterRequestName]?: Pick<RequestRow<Name, never>, 'handler'> } = requestTable
  return (rows[name as ClusterRequestName]?.handler.checkReply ?? (() => true)) as ReplyCheck
}
