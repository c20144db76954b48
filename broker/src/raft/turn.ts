import { handOver, reviewTransfer, tickTransfer } from './election/transfer.ts'
import { advanceChange } from './members/member-change.ts'
import { isVoter } from './members/quorum.ts'
import type { RaftState } from './state.ts'

/**
 * After every input: takes the steps of a change of members or of a transfer that have become due. Nearly always none.
 */
export function settleTurn(state: RaftState): void {
  const { membership } = state
  if (membership.active && state.role === 'leader') {
    const stable = advanceChange(state)
    // M66: it has led until the change was committed, without counting itself.
    if (stable && !isVoter(state.configuration, state.id)) handOver(state)
  }
  if (membership.transfer !== null) reviewTransfer(state)
}

export function settleTick(state: RaftState): void {
  tickTransfer(state)
  settleTurn(state)
}
