import type { GroupId } from '@tailrace/schemas'
import type { RaftMessage } from '../../raft/messages.ts'
import type { Peers } from '../peers.ts'

const NOTHING: readonly Uint8Array[] = []

/**
 * Holds heartbeats and their answers, of all groups, until the broker's next beat, so that each peer gets one write
 * with all of them (M87). On an idle broker the system call of that write is most of the work, so the number of writes
 * must depend on peers and beats alone. Nothing else is held, nor a heartbeat that a read waits for.
 */
export class HeldHeartbeats implements Pick<Peers, 'sendRaft'> {
  readonly #peers: Pick<Peers, 'sendRaft'>
  #held: { readonly group: GroupId; readonly message: RaftMessage }[] = []

  constructor(peers: Pick<Peers, 'sendRaft'>) {
    this.#peers = peers
  }

  sendRaft(group: GroupId, message: RaftMessage, payloads: readonly Uint8Array[]): void {
    const isBeat = message.type === 'heartbeat' || message.type === 'heartbeat-reply'
    if (isBeat && (message.round ?? 0) === 0) this.#held.push({ group, message })
    else this.#peers.sendRaft(group, message, payloads)
  }

  beat(): void {
    const held = this.#held
    this.#held = []
    for (const { group, message } of held) this.#peers.sendRaft(group, message, NOTHING)
  }
}
