/** Counters of a broker's replicas since the start. */
export interface PartitionMetrics {
  snapshotsTaken: number
  snapshotsOffered: number
  snapshotsInstalled: number
  /** Bytes received of other brokers' copies, and given of own ones. */
  copiedBytesIn: number
  copiedBytesOut: number
  prefixCuts: number
  transfersDone: number
  transfersFailed: number
  membersChanged: number
  memberChangesFailed: number
  repairedEntries: number
  /** Times that a follower, or a replica here, turned out to have lost entries that it had acknowledged. */
  lostTails: number
  /** Entries cut off here for a later leader although this replica had acknowledged them. */
  acknowledgedEntriesCut: number
  /** Messages of peers that no correct replica sends, dropped. */
  absurdMessages: number
  /** Reads with a token, and those among them that this replica could not answer. */
  tokenReads: number
  tokenReadsRefused: number
  /** Reads with a token that no leader of this cluster has given out, of an entry not known to be committed. */
  tokensNotGenuine: number
  /** Replicas stopped because their entries do not fit into this broker's limits. */
  replicasUnfit: number
  /** Raft messages that were refused because of their term. */
  implausibleTerms: number
  /** Candidacies of replicas here, and those that made them leader. */
  electionsBegun: number
  electionsWon: number
  /** Later leaderships that replicas here heard of, own ones among them. */
  leaderChanges: number
}

export function noPartitionMetrics(): PartitionMetrics {
  return {
    snapshotsTaken: 0,
    snapshotsOffered: 0,
    snapshotsInstalled: 0,
    copiedBytesIn: 0,
    copiedBytesOut: 0,
    prefixCuts: 0,
    transfersDone: 0,
    transfersFailed: 0,
    membersChanged: 0,
    memberChangesFailed: 0,
    repairedEntries: 0,
    lostTails: 0,
    acknowledgedEntriesCut: 0,
    absurdMessages: 0,
    tokenReads: 0,
    tokenReadsRefused: 0,
    tokensNotGenuine: 0,
    replicasUnfit: 0,
    implausibleTerms: 0,
    electionsBegun: 0,
    electionsWon: 0,
    leaderChanges: 0,
  }
}
