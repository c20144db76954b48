import { type BrokerId, crc32c, type GroupId, ownDecoder, TailraceError } from '@tailrace/schemas'
import { FrameChannel } from '../../../broker/src/doors/peer/frame-channel.ts'
import { IncomingPeer } from '../../../broker/src/doors/peer/incoming-peer.ts'
import { defaultPeerLimits } from '../../../broker/src/doors/peer/limits.ts'
import { noStats } from '../../../broker/src/doors/peer/stats.ts'
import type { BrokerGroups } from '../../../broker/src/partition/broker/groups.ts'
import type { GroupRequestName, PeerHandlers } from '../../../broker/src/partition/peers.ts'
import { ManualClock } from '../../../broker/src/platform/testing/clock.ts'
import { FedStream } from './fed-stream.ts'

const groupRequests: ReadonlySet<string> = new Set(['CopyOpen', 'CopyRead', 'CopyClose', 'ReadEntries'])

/** How one broker's bytes reach the groups of another: by the real decoding and the real checks of permissions. */
export class PeerLine {
  /** Mistakes of the receiver itself; none is allowed. */
  readonly faults: unknown[] = []
  readonly #stream = new FedStream()

  constructor(
    from: BrokerId,
    to: BrokerId,
    groups: BrokerGroups,
    mayHold: (from: BrokerId, group: GroupId) => boolean,
  ) {
    const stats = noStats()
    const log = { info: () => {}, warn: () => {}, error: (fields: object) => void this.faults.push(fields) }
    const limits = defaultPeerLimits
    const channel = new FrameChannel(
      this.#stream,
      { onFrame: () => {}, onClose: () => {} },
      { limits, stats, log, clock: new ManualClock() },
    )
    const identity = (brokerId: BrokerId) => ({
      brokerId,
      directoryId: `d${brokerId}`,
      incarnation: 'i',
      clusterId: 'c',
      peer: `b${brokerId}:1`,
      http: '',
      formed: true,
    })
    const peer = new IncomingPeer(channel, identity(from), handlersOf(groups, mayHold), {
      crc32c,
      log,
      limits,
      stats,
      self: () => identity(to),
    })
    const isAllowed = (error: unknown): boolean => error instanceof TailraceError && error.code === 'MALFORMED_FRAME'
    channel.upgrade(limits.maxFrameBytes, ownDecoder, {
      onFrame: (frame) => {
        try {
          peer.receive(frame)
        } catch (error) {
          if (!isAllowed(error)) this.faults.push(error)
          throw error
        }
      },
      onTooLarge: (frame, bytes) => peer.refuseTooLarge(frame, bytes),
      onClose: () => {},
    })
  }

  say(bytes: Uint8Array): void {
    this.#stream.onData(bytes)
  }
}

/** As cluster/peer-handlers.ts, for brokers that all belong to the cluster. */
function handlersOf(groups: BrokerGroups, mayHold: (from: BrokerId, group: GroupId) => boolean): PeerHandlers {
  return {
    accepts: mayHold,
    raft: (group, message, payloads) => groups.receive(group, message, payloads),
    tooLarge: (from, group, bytes) => {
      if (mayHold(from, group)) groups.tooLarge(from, group, bytes)
    },
    leaders: () => 0,
    told: (from, name, fields) => groups.told(from, name, fields),
    link: () => {},
    admit: () => {},
    request: async (from, name, fields) => {
      const { group } = fields as { group?: GroupId }
      if (group !== undefined && !mayHold(from, group)) throw new TailraceError('NOT_READY')
      if (!groupRequests.has(name)) throw new TailraceError('NOT_LEADER')
      return groups.answer(from, name as GroupRequestName, fields as never) as never
    },
  }
}
