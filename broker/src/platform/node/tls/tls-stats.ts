import type { MetricTable } from '../../metric-table.ts'

/** Counters of the TLS ports of this process since its start. */
export interface TlsStats {
  handshakes: number
  resumed: number
  failed: number
  plainRefused: number
  certificatesRefused: number
  /** Connections that are accepted and not let in yet. */
  unfinished: number
}

export function noTlsStats(): TlsStats {
  return { handshakes: 0, resumed: 0, failed: 0, plainRefused: 0, certificatesRefused: 0, unfinished: 0 }
}

/** What the metrics show of TLS and of the certificate files. */
export interface TlsFigures extends Readonly<TlsStats> {
  readonly reloads: number
  readonly reloadFailures: number
  /** Unix milliseconds; null: this broker has no certificate. */
  readonly validUntil: number | null
}

export const tlsMetrics: MetricTable<TlsFigures> = {
  counters: [
    ['tailrace_tls_handshakes_total', 'TLS handshakes of incoming connections that succeeded.', (t) => t.handshakes],
    ['tailrace_tls_resumed_total', 'Those of them that resumed an earlier session.', (t) => t.resumed],
    [
      'tailrace_tls_handshake_failures_total',
      'Incoming connections whose TLS handshake failed, or took too long.',
      (t) => t.failed,
    ],
    [
      'tailrace_tls_plain_refused_total',
      'Incoming connections refused because they came without TLS.',
      (t) => t.plainRefused,
    ],
    [
      'tailrace_tls_certificates_refused_total',
      'Incoming connections refused because their certificate was missing or not trusted.',
      (t) => t.certificatesRefused,
    ],
    ['tailrace_tls_reloads_total', 'Certificate files that were loaded anew.', (t) => t.reloads],
    [
      'tailrace_tls_reload_failures_total',
      'Changed certificate files that could not be used; the former certificates stayed.',
      (t) => t.reloadFailures,
    ],
  ],
  gauges: [
    [
      'tailrace_tls_certificate_expiry_seconds',
      'Unix time at which the first of the certificates of this broker expires; 0 without one.',
      (t) => (t.validUntil ?? 0) / 1000,
    ],
    ['tailrace_tls_unfinished_handshakes', 'Incoming connections that are not let in yet.', (t) => t.unfinished],
  ],
}
