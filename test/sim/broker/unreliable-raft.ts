import type { Peers } from '../../../broker/src/partition/peers.ts'
import type { EventLoop } from '../../../testing/src/simulation/event-loop.ts'
import type { SimRandom } from '../../../testing/src/simulation/sim-random.ts'
import type { SimProcess } from './sim-process.ts'

/** Faults of Raft messages between core and transport, beyond those of a byte stream (M2). */
export interface MessageFaults {
  loss: number
  duplication: number
  /** Probability that a message is held back, so that others overtake it, and for how long at most. */
  delay: number
  maxDelayMicros: number
}

export const noMessageFaults: MessageFaults = { loss: 0, duplication: 0, delay: 0, maxDelayMicros: 0 }

/** From now on Raft messages to these peers are lost, doubled, delayed and reordered as `faults` says at the moment. */
export function makeUnreliable(
  peers: Peers,
  faults: Readonly<MessageFaults>,
  loop: EventLoop,
  random: SimRandom,
  process: SimProcess,
): void {
  const send = peers.sendRaft.bind(peers)
  peers.sendRaft = (group, message, payloads) => {
    if (random.chance(faults.loss)) return
    for (let copies = random.chance(faults.duplication) ? 2 : 1; copies > 0; copies--) {
      if (!random.chance(faults.delay)) send(group, message, payloads)
      else {
        loop.after(random.below(faults.maxDelayMicros), () => {
          if (process.alive) send(group, message, payloads)
        })
      }
    }
  }
}
