import { TailraceError } from '@tailrace/schemas'

/** @throws TailraceError INVALID_REQUEST: a read that asks for two things at once that exclude each other */
export function checkWay(replica: boolean, linearizable: boolean): void {
  if (!replica || !linearizable) return
  throw new TailraceError(
    'INVALID_REQUEST',
    'linearizable: only the leader can answer so, and replica asks not to ask it.',
  )
}
