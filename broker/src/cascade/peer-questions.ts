import type { BrokerId, Message } from '@tailrace/schemas'
import type { PeerAnswer, PeerHandlers, RequestName } from '../partition/peers.ts'
import type { TopDesk } from './top-desk.ts'

/** Name of the administrative request under which brokers of level 0 ask the metadata leader about cascade brokers. */
export const CASCADE_OPERATION = 'cascade'

/** What peers ask, with their questions about cascade brokers answered by the desk. */
export function withCascade(handlers: PeerHandlers, desk: Pick<TopDesk, 'answer'>): PeerHandlers {
  return {
    raft: (group, message, payloads) => handlers.raft(group, message, payloads),
    leaders: (from, leaders) => handlers.leaders(from, leaders),
    told: (from, name, fields) => handlers.told(from, name, fields),
    link: (peer, up) => handlers.link(peer, up),
    admit: (identity) => handlers.admit(identity),
    async request<Name extends RequestName>(
      from: BrokerId,
      name: Name,
      fields: Message<Name>,
      body: Uint8Array,
    ): Promise<PeerAnswer<Name>> {
      if (name !== 'Admin' || (fields as Message<'Admin'>).operation !== CASCADE_OPERATION) {
        return handlers.request(from, name, fields, body)
      }
      const json = await desk.answer((fields as Message<'Admin'>).json)
      return { fields: { json }, body: [] } as unknown as PeerAnswer<Name>
    },
  }
}
