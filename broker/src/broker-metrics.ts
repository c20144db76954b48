import { Counter, Gauge, Registry } from 'prom-client'
import type { LogStorage } from './log/types.ts'
import type { Groups } from './partition/types.ts'

interface PeerCounts {
  readonly framesSent: number
  readonly framesReceived: number
  readonly raftDropped: number
  readonly corruptAppends: number
}

/** What /metrics says of log, replicas and peers; read when somebody asks, nothing is counted twice. */
export function brokerMetrics(storage: LogStorage, groups: Groups, peers: PeerCounts): Registry {
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
  gauge('tailrace_under_replicated_partitions', 'Groups led here with a replica that does not keep up.', () => {
    let count = 0
    for (const group of groups.all()) {
      if (!group.isLeader) continue
      const { inSync, voters } = group.status()
      if (inSync.length < voters.length) count += 1
    }
    return count
  })
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
