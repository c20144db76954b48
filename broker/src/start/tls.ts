import type { Registry } from 'prom-client'
import type { BrokerSettings } from '../config/broker-settings.ts'
import { defaultLimits, type GatewayLimits } from '../doors/limits/limits.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'
import type { CertificateFiles, NamedFile } from '../platform/node/tls/certificate-files.ts'
import { createTlsPort } from '../platform/node/tls/tls-port.ts'
import { noTlsStats, type TlsFigures, type TlsStats, tlsMetrics } from '../platform/node/tls/tls-stats.ts'
import { WatchedCertificates } from '../platform/node/tls/watched-certificates.ts'
import type { TlsPort } from '../platform/tls-port.ts'
import { register } from './metrics-registry.ts'

/** TLS of one broker: its ports, and the certificate files that it follows. */
export interface BrokerTls {
  /** Undefined: plain. */
  readonly http: TlsPort | undefined
  /** Only where TLS is on: alerts on the expiry would fire elsewhere. */
  registerMetrics(registry: Registry): void
  /** Reads the certificate files anew; null where there are none. */
  readonly reload: (() => Promise<void>) | null
  close(): void
}

/** Handshakes may take a part of the connections: each costs tens of kilobytes. */
const handshakeShare = 0.25
const leastHandshakes = 64

/** @throws TailraceError INVALID_SETTING that names a certificate file and its fault */
export async function openTls(
  settings: BrokerSettings,
  limits: Partial<GatewayLimits>,
  clock: Clock,
  log: Logger,
): Promise<BrokerTls> {
  const stats = noTlsStats()
  const watched: WatchedCertificates[] = []
  const open = async (files: CertificateFiles): Promise<WatchedCertificates> => {
    const certificates = await WatchedCertificates.open(files, { clock, log })
    watched.push(certificates)
    return certificates
  }
  const { maxConnections, headersTimeoutMs } = { ...defaultLimits, ...limits }
  const { tls: mode, tlsMinVersion: minVersion, tlsClientCertificates: clientCertificates } = settings
  const http =
    mode === 'off'
      ? undefined
      : createTlsPort(
          {
            mode,
            minVersion,
            clientCertificates,
            protocols: ['http/1.1'],
            maxUnfinished: Math.max(leastHandshakes, Math.ceil(Math.min(maxConnections, 1e6) * handshakeShare)),
            handshakeTimeoutMs: headersTimeoutMs,
          },
          await open(filesOf(settings)),
          clock,
          stats,
        )
  return {
    http,
    registerMetrics(registry) {
      if (watched.length > 0) register(registry, tlsMetrics, figuresOf(stats, watched))
    },
    reload: watched.length === 0 ? null : async () => void (await Promise.all(watched.map((files) => files.reload()))),
    close: () => {
      for (const certificates of watched) certificates.close()
    },
  }
}

function filesOf({ tlsCertFile, tlsKeyFile, tlsCaFile }: BrokerSettings): CertificateFiles {
  return {
    cert: named('tlsCertFile', tlsCertFile),
    key: named('tlsKeyFile', tlsKeyFile),
    ca: named('tlsCaFile', tlsCaFile),
  }
}

function named(setting: string, path: string): NamedFile | null {
  return path === '' ? null : { setting, path }
}

/** Read anew at each access. */
function figuresOf(stats: TlsStats, watched: readonly WatchedCertificates[]): TlsFigures {
  const sum = (read: (files: WatchedCertificates) => number): number =>
    watched.reduce((total, files) => total + read(files), 0)
  return Object.create(stats, {
    reloads: { get: () => sum(({ reloads }) => reloads) },
    reloadFailures: { get: () => sum(({ failures }) => failures) },
    validUntil: { get: () => earliest(watched.map(({ current }) => current.validUntil)) },
  }) as TlsFigures
}

function earliest(times: readonly (number | null)[]): number | null {
  return times.reduce((first, time) => (first === null || (time !== null && time < first) ? time : first), null)
}
