/**
 * Safety mechanisms that a test may switch off, one at a time, to show that the simulator notices (negative controls,
 * docs/design.md). Nothing but `createRaftWithDefects` can set them; `createRaft` always runs with `noDefects`.
 */
export interface Defects {
  /** A follower takes no notice of a heartbeat which says that it has acknowledged more than it has. */
  readonly lostTailIgnored: boolean
  /** M92 (1): the leader counts its own copy before its fsync. */
  readonly leaderCountsUnsynced: boolean
  /** M32: an entry of an older term is committed by counting its copies (Figure 8). */
  readonly commitOlderTerm: boolean
  /** M30: matchIndex is taken from a rejection's hint, which no replica has verified. */
  readonly matchFromRejection: boolean
  /** M29: a follower cuts its log after prevIndex and appends, instead of looking for the first conflict. */
  readonly blindOverwrite: boolean
  /** M28: a follower compares the index before an append and not its term. */
  readonly consistencyByIndexOnly: boolean
  /** M28, M47: a leader of an earlier term is obeyed. */
  readonly staleLeaderObeyed: boolean
  /** M34: a follower commits up to min(leader's commit, its last index) instead of the last verified entry. */
  readonly commitUnverified: boolean
  /** M12: a term is adopted that no elections can have led to. */
  readonly anyTerm: boolean
  /** M13: a vote is given without comparing logs. */
  readonly voteWithoutLogCheck: boolean
  /** M14: a second candidate of the same term gets a vote too. */
  readonly voteTwice: boolean
  /** M5: vote requests leave before term and log are durable, so that a reply can outlive the log that earned it. */
  readonly voteRequestBeforeFsync: boolean
  /** The ABA race: a write that completes late counts although a truncation has replaced its entries. */
  readonly lateWriteCounts: boolean
  /** M10: vote requests are considered in spite of a live leader. Costs availability, not safety. */
  readonly noLeaseCheck: boolean
  /** M10 (e): a replica that restarts votes at once, though it may have answered a heartbeat just before. */
  readonly noRestartLease: boolean
  /** M24: the lease runs from the arrival of an answer instead of from the sending of the heartbeat that it answers. */
  readonly leaseFromArrival: boolean
  /** M24: a leader whose process stood still counts on answers from before. */
  readonly pauseKeepsLease: boolean
  /** M86: a leader that slept counts on answers from before its sleep. */
  readonly sleeperKeepsLease: boolean
  /** M86: a leader sleeps as soon as the others agree, although it has something open itself. */
  readonly sleepsUnsettled: boolean
  /** M57: a change of several voters is appended as the new set alone, without the joint configuration. */
  readonly noJointConsensus: boolean
  /** M64: a leader changes members before an entry of its own term is committed (the bug of 2015). */
  readonly changeBeforeOwnTerm: boolean
  /** M65: a change begins while the entry of the one before is uncommitted. */
  readonly twoChangesAtOnce: boolean
  /** M60: while joint, the new set decides alone. */
  readonly outgoingIgnored: boolean
  /** M69: the set before a change counts as well until the change is committed ("either set will do"). */
  readonly eitherSetCounts: boolean
  /** M71, M73: a configuration governs on although its entry was truncated. */
  readonly configurationStays: boolean
  /** M66: a leader that is outside its configuration counts itself. */
  readonly outsiderCountsItself: boolean
  /** A replica votes under any admission: a blank one votes in the place of its predecessor on that broker. */
  readonly votesUnderAnyAdmission: boolean
  /** M24, M81: a leader that has told another to campaign answers reads under its lease. */
  readonly transferKeepsLease: boolean
  /** M90: learners count like voters. */
  readonly learnersCount: boolean
  /** M95: a token commits by its index, whatever the term of the entry that this log holds there. */
  readonly tokenByIndexOnly: boolean
  /**
   * M50, M51: an offered state replaces the log although the log already holds the state and, after it, acknowledged
   * entries.
   */
  readonly installOverMatching: boolean
  /** M53: an offered state is acknowledged before it is in place. */
  readonly acknowledgeBeforeInstall: boolean
  /** M42: a state is offered that covers uncommitted entries. */
  readonly offerUncommitted: boolean
  /** M7: every timer runs for the same time. Costs availability, not safety. */
  readonly fixedTimeouts: boolean
  /** M80: a timeout raises the term at once. Costs availability, not safety. */
  readonly noPreVote: boolean
  /** M22: a leader without a majority goes on. Costs availability, not safety. */
  readonly noCheckQuorum: boolean
  /** M6: a refused vote rearms the timer too. Costs availability, not safety. */
  readonly refusedVoteRearms: boolean
  /** M11: a message of an earlier term gets no answer. Costs availability, not safety. */
  readonly staleUnanswered: boolean
  /** M18, M21: a leader takes no notice of a later term in an answer. Costs availability, not safety. */
  readonly leaderKeepsTerm: boolean
  /** M8: leaders send no heartbeats. Costs availability, not safety. */
  readonly noHeartbeats: boolean
  /** M82: all timeouts are drawn from the same range. Costs nothing but the operator's wish. */
  readonly factorIgnored: boolean
  /** M66: a voter that an uncommitted entry removes does not campaign. Costs availability, not safety. */
  readonly outsiderNeverCampaigns: boolean
  /** M26: appends that were lost in flight to a follower are not sent again. Costs availability, not safety. */
  readonly noResend: boolean
  /** M59: newcomers become voters before they have caught up. Costs availability, not safety. */
  readonly noCatchUp: boolean
  /** M70, M72: until a change is committed the set before it must agree too. Costs availability, not safety. */
  readonly bothSetsNeeded: boolean
  /** M90: learners campaign like voters. */
  readonly learnersCampaign: boolean
  /** M67: only a replica that knows itself to be a voter votes. Costs availability, not safety. */
  readonly onlyVotersVote: boolean
}

export const noDefects: Defects = Object.freeze({
  lostTailIgnored: false,
  leaderCountsUnsynced: false,
  commitOlderTerm: false,
  matchFromRejection: false,
  blindOverwrite: false,
  consistencyByIndexOnly: false,
  staleLeaderObeyed: false,
  commitUnverified: false,
  anyTerm: false,
  voteWithoutLogCheck: false,
  voteTwice: false,
  voteRequestBeforeFsync: false,
  lateWriteCounts: false,
  noLeaseCheck: false,
  noRestartLease: false,
  leaseFromArrival: false,
  pauseKeepsLease: false,
  sleeperKeepsLease: false,
  sleepsUnsettled: false,
  noJointConsensus: false,
  changeBeforeOwnTerm: false,
  twoChangesAtOnce: false,
  outgoingIgnored: false,
  eitherSetCounts: false,
  configurationStays: false,
  outsiderCountsItself: false,
  votesUnderAnyAdmission: false,
  transferKeepsLease: false,
  learnersCount: false,
  tokenByIndexOnly: false,
  installOverMatching: false,
  acknowledgeBeforeInstall: false,
  offerUncommitted: false,
  fixedTimeouts: false,
  noPreVote: false,
  noCheckQuorum: false,
  refusedVoteRearms: false,
  staleUnanswered: false,
  leaderKeepsTerm: false,
  noHeartbeats: false,
  factorIgnored: false,
  outsiderNeverCampaigns: false,
  noResend: false,
  noCatchUp: false,
  bothSetsNeeded: false,
  learnersCampaign: false,
  onlyVotersVote: false,
})
