import type { Registry } from 'prom-client'
import type { BrokerSettings } from '../../config/broker-settings.ts'
import { defaultLimits, type GatewayLimits } from '../../doors/limits/limits.ts'
import { peerRefusals } from '../../doors/peer/handshake/refusals.ts'
import { defaultPeerLimits } from '../../doors/peer/limits.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { Network } from '../../platform/network.ts'
import type { HttpTls } from '../../platform/node/http-exchange.ts'
import { createNetwork, nodeNetwork } from '../../platform/node/network.ts'
import type { CertificateFiles, Certificates, NamedFile } from '../../platform/node/tls/certificate-files.ts'
import { createTlsPort } from '../../platform/node/tls/tls-port.ts'
import { noTlsStats, type TlsFigures, type TlsStats, tlsMetrics } from '../../platform/node/tls/tls-stats.ts'
import { WatchedCertificates } from '../../platform/node/tls/watched-certificates.ts'
import type { TlsPort } from '../../platform/tls-port.ts'
import { register } from '../metrics/metrics-registry.ts'
import { type Reloaded, reloadOf } from './followed-file.ts'
import { checkForSources } from './source-certificate.ts'

export interface TlsDeps {
  readonly limits: Partial<GatewayLimits>
  /** Connections to the peer port whose other end is not known yet. */
  readonly unknownPeers: number
  readonly clock: Clock
  readonly log: Logger
}

/** TLS of one broker: its ports, and the certificate files that it follows. */
export interface BrokerTls extends Reloaded {
  /** Undefined: plain. */
  readonly http: TlsPort | undefined
  /** For connections with other brokers. */
  readonly network: Network
  /** For connections of a cascade broker to its sources, as it is at the time of the call; null: plain. */
  readonly source: (() => HttpTls) | null
  /** DNS names of the certificate that sources are shown if they ask for one, at the time of the call. */
  readonly sourceNames: () => readonly string[]
  /** As `unknownPeers` given, less those that may be in a TLS handshake. */
  readonly unknownPeers: number
  /** Only where TLS is on: alerts on the expiry would fire elsewhere. */
  registerMetrics(registry: Registry): void
  close(): void
}

type Check = (certificates: Certificates) => void

/** Handshakes may take a part of the connections: each costs tens of kilobytes. */
const handshakeShare = 0.25
const leastHandshakes = 64

/** @throws TailraceError INVALID_SETTING that names a certificate file and its fault */
export async function openTls(settings: BrokerSettings, deps: TlsDeps): Promise<BrokerTls> {
  const stats = noTlsStats()
  const watched = new Map<string, WatchedCertificates>()
  const open = async (files: CertificateFiles, check?: Check): Promise<WatchedCertificates> => {
    const key = JSON.stringify([files.cert?.path, files.key?.path, files.ca?.path, check !== undefined])
    const certificates = watched.get(key) ?? (await WatchedCertificates.open(files, { ...deps, check }))
    watched.set(key, certificates)
    return certificates
  }
  const http = settings.tls === 'off' ? undefined : httpPort(settings, await open(httpFiles(settings)), deps, stats)
  const network =
    settings.peerTls === 'off' ? nodeNetwork : peerNetwork(settings, await open(peerFiles(settings)), deps, stats)
  const forSources = settings.sourceTls === 'off' ? null : await open(sourceFiles(settings), checkForSources(settings))
  const all = [...watched.values()]
  return {
    http,
    network,
    source: forSources === null ? null : sourceTls(settings, forSources),
    sourceNames: () => forSources?.current.names ?? [],
    unknownPeers: deps.unknownPeers - (settings.peerTls === 'off' ? 0 : peerHandshakes(deps)),
    registerMetrics(registry) {
      if (all.length > 0) register(registry, tlsMetrics, figuresOf(stats, all))
    },
    reload: reloadOf(...all.map((files) => ({ reload: () => files.reload() }))),
    close: () => {
      for (const certificates of all) certificates.close()
    },
  }
}

function httpPort(
  settings: BrokerSettings,
  certificates: WatchedCertificates,
  { limits, clock }: TlsDeps,
  stats: TlsStats,
): TlsPort {
  const { maxConnections, headersTimeoutMs } = { ...defaultLimits, ...limits }
  const options = {
    mode: settings.tls === 'required' ? 'required' : 'allowed',
    minVersion: settings.tlsMinVersion,
    clientCertificates: settings.tlsClientCertificates,
    protocols: ['http/1.1'],
    maxUnfinished: Math.max(leastHandshakes, Math.ceil(Math.min(maxConnections, 1e6) * handshakeShare)),
    handshakeTimeoutMs: headersTimeoutMs,
  } as const
  return createTlsPort(options, certificates, clock, stats)
}

function peerNetwork(
  settings: BrokerSettings,
  certificates: WatchedCertificates,
  deps: TlsDeps,
  stats: TlsStats,
): Network {
  const [mode, minVersion] = [settings.peerTls === 'required' ? 'required' : 'allowed', settings.tlsMinVersion] as const
  const options = {
    mode,
    minVersion,
    clientCertificates: settings.peerTlsClientCertificates,
    protocols: [],
    maxUnfinished: peerHandshakes(deps),
    handshakeTimeoutMs: defaultPeerLimits.handshakeTimeoutMs,
  }
  return createNetwork({
    mode,
    minVersion,
    certificates,
    newPort: () => createTlsPort(options, certificates, deps.clock, stats),
    refusals: peerRefusals,
  })
}

/** Half of the connections that have not introduced themselves may be in their TLS handshake. */
function peerHandshakes({ unknownPeers }: TlsDeps): number {
  return Math.ceil(unknownPeers / 2)
}

function httpFiles({ tlsCertFile, tlsKeyFile, tlsCaFile }: BrokerSettings): CertificateFiles {
  return {
    cert: named('tlsCertFile', tlsCertFile),
    key: named('tlsKeyFile', tlsKeyFile),
    ca: named('tlsCaFile', tlsCaFile),
  }
}

function peerFiles({ peerTlsCertFile, peerTlsKeyFile, peerTlsCaFile }: BrokerSettings): CertificateFiles {
  return {
    cert: named('peerTlsCertFile', peerTlsCertFile),
    key: named('peerTlsKeyFile', peerTlsKeyFile),
    ca: named('peerTlsCaFile', peerTlsCaFile),
  }
}

function sourceFiles({ sourceTlsCertFile, sourceTlsKeyFile, sourceTlsCaFile }: BrokerSettings): CertificateFiles {
  return {
    cert: named('sourceTlsCertFile', sourceTlsCertFile),
    key: named('sourceTlsKeyFile', sourceTlsKeyFile),
    ca: named('sourceTlsCaFile', sourceTlsCaFile),
  }
}

/** The same object until the files change: connections are kept as long. */
function sourceTls(settings: BrokerSettings, certificates: WatchedCertificates): () => HttpTls {
  const { sourceTlsServerName: name, tlsMinVersion } = settings
  const fromFiles = ({ ca, cert, key }: Certificates): HttpTls => ({
    ca,
    cert,
    key,
    minVersion: `TLSv${tlsMinVersion}`,
    ...(name === '' ? {} : { serverName: name }),
  })
  let current = fromFiles(certificates.current)
  certificates.onChange((changed) => {
    current = fromFiles(changed)
  })
  return () => current
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
