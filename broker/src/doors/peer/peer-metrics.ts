import type { MetricTable } from '../../platform/metric-table.ts'

export interface PeerCounts {
  readonly framesSent: number
  readonly framesReceived: number
  readonly raftDropped: number
  readonly corruptAppends: number
  readonly handlerFaults: number
  readonly unheard: number
  readonly handshakesRefused: number
}

export const peerMetrics: MetricTable<PeerCounts> = {
  counters: [
    ['tailrace_peer_frames_sent_total', 'Frames sent to other brokers.', ({ framesSent }) => framesSent],
    [
      'tailrace_peer_frames_received_total',
      'Frames received from other brokers.',
      ({ framesReceived }) => framesReceived,
    ],
    [
      'tailrace_peer_raft_dropped_total',
      'Raft messages not sent for lack of a link or room.',
      ({ raftDropped }) => raftDropped,
    ],
    [
      'tailrace_peer_corrupt_appends_total',
      'Appends thrown away because a batch failed its checksum.',
      ({ corruptAppends }) => corruptAppends,
    ],
    [
      'tailrace_peer_handler_faults_total',
      'Connections of brokers dropped because handling a frame failed here.',
      ({ handlerFaults }) => handlerFaults,
    ],
    [
      'tailrace_peer_unheard_total',
      'Raft messages and announcements of brokers without a replica of the partition, which were dropped.',
      ({ unheard }) => unheard,
    ],
    [
      'tailrace_peer_handshakes_refused_total',
      'Connections between brokers that either side refused in the handshake.',
      ({ handshakesRefused }) => handshakesRefused,
    ],
  ],
  gauges: [],
}
