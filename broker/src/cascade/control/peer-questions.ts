import type { BrokerId, Message } from '@tailrace/schemas'
import { METADATA_GROUP, TailraceError } from '@tailrace/schemas'
import type { PeerAnswer, PeerHandlers, Peers, RequestName } from '../../partition/peers.ts'
import type { Clock } from '../../platform/clock.ts'
import { LevelZeroControl, type LevelZeroControlDeps } from './level-zero-control.ts'

/** Name of the administrative request under which brokers of level 0 ask the metadata leader about cascade brokers. */
const CASCADE_OPERATION = 'cascade'

/** What peers ask, with their questions about cascade brokers answered by the control. */
export function withCascade(handlers: PeerHandlers, control: Pick<LevelZeroControl, 'answer'>): PeerHandlers {
  return {
    hears: (from, group) => handlers.hears(from, group),
    raft: (group, message, payloads) => handlers.raft(group, message, payloads),
    tooLarge: (from, group, bytes) => handlers.tooLarge(from, group, bytes),
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
      if (!handlers.hears(from, METADATA_GROUP)) {
        throw new TailraceError('NOT_READY', `Broker ${from} is not known here as a broker of the cluster.`)
      }
      const json = await control.answer((fields as Message<'Admin'>).json)
      return { fields: { json }, body: [] } as unknown as PeerAnswer<Name>
    },
  }
}

/** The control of a broker of level 0, which asks others over its links to them. */
export function levelZeroControlOver(
  peers: Pick<Peers, 'request'>,
  api: LevelZeroControlDeps['api'],
  clock: Clock,
): LevelZeroControl {
  return new LevelZeroControl({
    api,
    clock,
    async ask(broker, json, timeoutMs) {
      const reply = await peers.request(broker, 'Admin', { operation: CASCADE_OPERATION, json }, [], timeoutMs)
      return reply.fields.json
    },
  })
}
