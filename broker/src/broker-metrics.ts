import { Counter, Gauge, Registry } from 'prom-client'
import type { LogStorage } from './log/types.ts'
import type { PartitionMetrics } from './partition/metrics.ts'
import type { Groups } from './partition/types.ts'

interface PeerCounts {
  readonly framesSent: number
  readonly framesReceived: number
  readonly raftDropped: number
  readonly corruptAppends: number
}

interface CountedGroups extends Groups {
  readonly metrics: PartitionMetrics
  readonly openCopies: number
  readonly sleeping: number
}

/** Name and explanation of each counter of the replicas. */
const replicaCounters: Record<keyof PartitionMetrics, readonly [string, string]> = {
  snapshotsTaken: ['tailrace_snapshots_taken_total', 'Snapshots of own replicas.'],
  snapshotsOffered: ['tailrace_snapshots_offered_total', 'Offers of a copy to followers that need what is gone.'],
  snapshotsInstalled: ['tailrace_snapshots_installed_total', 'Copies of other replicas put in the place of own ones.'],
  copiedBytesIn: ['tailrace_copy_bytes_received_total', 'Bytes received of copies.'],
  copiedBytesOut: ['tailrace_copy_bytes_sent_total', 'Bytes given of copies.'],
  prefixCuts: ['tailrace_prefix_cuts_total', 'Times that the start of a log was cut off.'],
  transfersDone: ['tailrace_leadership_transfers_total', 'Leaderships handed on.'],
  transfersFailed: ['tailrace_leadership_transfers_failed_total', 'Leaderships that could not be handed on.'],
  membersChanged: ['tailrace_member_changes_total', 'Changes of members led to their end here.'],
  memberChangesFailed: ['tailrace_member_changes_failed_total', 'Changes of members that were given up here.'],
  repairedEntries: ['tailrace_repaired_entries_total', 'Damaged entries replaced by those of other replicas.'],
  tokenReads: ['tailrace_token_reads_total', 'Reads with the token of an acknowledgement.'],
  tokenReadsRefused: ['tailrace_token_reads_refused_total', 'Those that a replica could not answer.'],
}

/** What /metrics says of log, replicas and peers; read when somebody asks, nothing is counted twice. */
export function brokerMetrics(storage: LogStorage, groups: CountedGroups, peers: PeerCounts): Registry {
  const registry = new Registry()
  const counter = (name: string, help: string, read: () => number): void => {
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset()
        this.inc(read())
      },
    })
  }
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read())
      },
    })
  }
  const { metrics } = storage
  counter(
    'tailrace_log_rounds_total',
    'Rounds of the journal: one write and one fdatasync for all partitions.',
    () => metrics.rounds,
  )
  counter('tailrace_log_syncs_total', 'fdatasync calls on journal and segments.', () => metrics.syncs)
  counter('tailrace_log_journal_bytes_total', 'Bytes written to the journal.', () => metrics.journalBytes)
  counter('tailrace_log_segment_bytes_total', 'Bytes written to segments.', () => metrics.segmentBytes)
  gauge('tailrace_log_tail_bytes', 'Recent batches held in memory for readers.', () => metrics.tailBytes)
  gauge('tailrace_log_writable', '1 while free disk space is above the reserve.', () => Number(storage.writable))
  gauge('tailrace_replicas', 'Replicas of this broker, the metadata group included.', () => [...groups.all()].length)
  gauge(
    'tailrace_leaderships',
    'Groups that this broker leads.',
    () => [...groups.all()].filter((group) => group.isLeader).length,
  )
  gauge(
    'tailrace_leaderless_replicas',
    'Replicas here that know no leader.',
    () => [...groups.all()].filter((group) => group.leader === 0).length,
  )
  gauge(
    'tailrace_sleeping_replicas',
    'Replicas here in which nothing happens, and which cost nothing.',
    () => groups.sleeping,
  )
  gauge('tailrace_under_replicated_partitions', 'Groups led here with a replica that does not keep up.', () => {
    let count = 0
    for (const group of groups.all()) {
      if (!group.isLeader) continue
      const { inSync, voters } = group.status()
      if (inSync.length < voters.length) count += 1
    }
    return count
  })
  countReplicas(groups, counter, gauge)
  counter('tailrace_peer_frames_sent_total', 'Frames sent to other brokers.', () => peers.framesSent)
  counter('tailrace_peer_frames_received_total', 'Frames received from other brokers.', () => peers.framesReceived)
  counter(
    'tailrace_peer_raft_dropped_total',
    'Raft messages not sent for want of a link or room.',
    () => peers.raftDropped,
  )
  counter(
    'tailrace_peer_corrupt_appends_total',
    'Appends thrown away because a batch failed its checksum.',
    () => peers.corruptAppends,
  )
  return registry
}

type Register = (name: string, help: string, read: () => number) => void

function countReplicas(groups: CountedGroups, counter: Register, gauge: Register): void {
  for (const [key, [name, help]] of Object.entries(replicaCounters)) {
    counter(name, help, () => groups.metrics[key as keyof PartitionMetrics])
  }
  gauge('tailrace_open_copies', 'Copies of own replicas kept open for others.', () => groups.openCopies)
}
