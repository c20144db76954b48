/** Of all coordinators that this broker has been, since its start. */
export interface CoordinatorCounts {
  /** Positions and delays that came under a lease that another member has by now. */
  fenced: number
  /** Assignments that differ from the ones before. */
  rebalances: number
  /** Members whose session ran out. */
  expired: number
}

export function noCounts(): CoordinatorCounts {
  return { fenced: 0, rebalances: 0, expired: 0 }
}
