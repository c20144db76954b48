/** What has happened in a group object since it was made. */
export interface GroupCounts {
  /** Members at present: one for each loop, and one for each `run`. */
  members: number
  /** Partitions that were assigned, given back, and lost before they could be. */
  assigned: number
  revoked: number
  lost: number
  /** Commits that were refused, since another member has the partition. */
  fencedCommits: number
  /** Records that a handler had for longer than `handlerTimeoutMs`. */
  stuck: number
  /** Of `run`: records that were handled, attempts that failed, and records that went to the dead letters. */
  handled: number
  failedAttempts: number
  deadLetters: number
  /** Records that were put off with `retryIn`. */
  putOff: number
}

export function newCounts(): GroupCounts {
  return {
    members: 0,
    assigned: 0,
    revoked: 0,
    lost: 0,
    fencedCommits: 0,
    stuck: 0,
    handled: 0,
    failedAttempts: 0,
    deadLetters: 0,
    putOff: 0,
  }
}
