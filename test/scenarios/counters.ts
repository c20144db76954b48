import type { BrokerId } from '@tailrace/schemas'

/** The counts of a story, from its beginning or from the last `mark` on. */
export interface Tally {
  elections: number
  delivered: number
  ticks: number
  proposed: number
  committed: number
  /** Ticks from the proposal to the leader's commit, at most. */
  longestWait: number
  /** The broker that has rejected an append, for each rejection. */
  rejections: BrokerId[]
}

export function newTally(): Tally {
  return { elections: 0, delivered: 0, ticks: 0, proposed: 0, committed: 0, longestWait: 0, rejections: [] }
}

export function tallyText(tally: Tally): string {
  const { elections, delivered, ticks, proposed, committed, longestWait, rejections } = tally
  const appends =
    proposed === 0 ? '' : `, ${committed} of ${proposed} proposals committed, longest wait ${longestWait} ticks`
  return `${ticks} ticks, ${delivered} messages, ${elections} elections, ${rejections.length} rejections${appends}`
}
