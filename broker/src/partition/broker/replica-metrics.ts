import type { MetricTable } from '../../platform/metric-table.ts'
import type { PartitionMetrics } from '../metrics.ts'
import type { ReplicaTally } from './replica-tally.ts'

/** Name and explanation of each counter of the replicas. */
const replicaCounters: Record<keyof PartitionMetrics, readonly [string, string]> = {
  snapshotsTaken: ['tailrace_snapshots_taken_total', 'Snapshots of own replicas.'],
  snapshotsOffered: [
    'tailrace_snapshots_offered_total',
    'Offers of a copy to followers that need entries that were cut off.',
  ],
  snapshotsInstalled: ['tailrace_snapshots_installed_total', 'Copies of other replicas put in the place of own ones.'],
  copiedBytesIn: ['tailrace_copy_bytes_received_total', 'Bytes received of copies.'],
  copiedBytesOut: ['tailrace_copy_bytes_sent_total', 'Bytes given of copies.'],
  prefixCuts: ['tailrace_prefix_cuts_total', 'Times that the start of a log was cut off.'],
  transfersDone: ['tailrace_leadership_transfers_total', 'Leaderships transferred.'],
  transfersFailed: ['tailrace_leadership_transfers_failed_total', 'Leaderships that could not be transferred.'],
  membersChanged: ['tailrace_member_changes_total', 'Changes of members led to their end here.'],
  memberChangesFailed: ['tailrace_member_changes_failed_total', 'Changes of members that failed here.'],
  repairedEntries: ['tailrace_repaired_entries_total', 'Damaged entries replaced by those of other replicas.'],
  lostTails: [
    'tailrace_lost_tails_total',
    'Times that a replica here, or a follower of one, came back without entries that it had acknowledged.',
  ],
  acknowledgedEntriesCut: [
    'tailrace_acknowledged_entries_cut_total',
    'Entries cut off for a later leader although this replica had acknowledged them: they may be lost.',
  ],
  absurdMessages: [
    'tailrace_absurd_messages_total',
    'Messages of other brokers that no correct replica sends; they were dropped.',
  ],
  tokenReads: ['tailrace_token_reads_total', 'Reads with the token of an acknowledgement.'],
  tokenReadsRefused: ['tailrace_token_reads_refused_total', 'Reads with a token that a replica could not answer.'],
  tokensNotGenuine: ['tailrace_tokens_not_genuine_total', 'Reads with a token that the cluster did not give out.'],
  replicasUnfit: [
    'tailrace_replicas_unfit_total',
    'Replicas stopped because an entry is larger than this broker takes.',
  ],
  implausibleTerms: [
    'tailrace_implausible_terms_total',
    'Raft messages refused because no elections lead to their term.',
  ],
  electionsBegun: ['tailrace_elections_begun_total', 'Elections in which a replica here was a candidate.'],
  electionsWon: ['tailrace_elections_won_total', 'Elections that made a replica here the leader.'],
  leaderChanges: [
    'tailrace_leader_changes_total',
    'Leaderships that replicas here have heard of, except the first one of each since the start.',
  ],
}

export const replicaMetrics: MetricTable<ReplicaTally> = {
  refresh: (tally) => tally.take(),
  counters: Object.entries(replicaCounters).map(
    ([key, [name, help]]) => [name, help, ({ groups }) => groups.metrics[key as keyof PartitionMetrics]] as const,
  ),
  gauges: [
    ['tailrace_replicas', 'Replicas of this broker, the metadata group included.', ({ counts }) => counts.replicas],
    ['tailrace_leaderships', 'Groups that this broker leads.', ({ counts }) => counts.leaderships],
    [
      'tailrace_highest_term',
      'Highest term of all replicas here; the last one is 2147483647.',
      ({ counts }) => counts.highestTerm,
    ],
    ['tailrace_leaderless_replicas', 'Replicas here that know no leader.', ({ counts }) => counts.leaderless],
    [
      'tailrace_quarantined_replicas',
      'Replicas here that neither vote nor lead until others have restored their entries.',
      ({ counts }) => counts.quarantined,
    ],
    [
      'tailrace_stopped_replicas',
      'Replicas here that have stopped; they do not run before the next start.',
      ({ counts }) => counts.stopped,
    ],
    [
      'tailrace_sleeping_replicas',
      'Replicas here in which nothing happens, and which cost nothing.',
      ({ groups }) => groups.sleeping,
    ],
    [
      'tailrace_under_replicated_partitions',
      'Groups led here with a replica that does not keep up.',
      ({ counts }) => counts.underReplicated,
    ],
    ['tailrace_open_copies', 'Copies of own replicas kept open for others.', ({ groups }) => groups.openCopies],
  ],
}
