import type { BrokerId, LogLevel } from '@tailrace/schemas'
import type { AuthenticationMode } from '../security/access/authorizer.ts'

export const tlsModes = ['off', 'allowed', 'required'] as const
export type TlsMode = (typeof tlsModes)[number]
export const sourceTlsModes = ['off', 'required'] as const
export const tlsVersions = ['1.2', '1.3'] as const
export const clientCertificateModes = ['off', 'asked', 'required'] as const

export const clusterKeyUses = ['required', 'optional'] as const
export type ClusterKeyUse = (typeof clusterKeyUses)[number]

export const logFormats = ['auto', 'json', 'text'] as const
export type LogFormat = (typeof logFormats)[number]

/**
 * Everything that can be set on a broker, checked and complete. Sizes are bytes, durations milliseconds, addresses
 * host:port. The table in ./setting-table.ts says for each where it comes from, its default and its range.
 */
export interface BrokerSettings {
  readonly id: BrokerId
  /** Folder of this broker alone: journal, segments, state store. Empty for a cascade broker with `memory`. */
  readonly data: string
  /** Where this broker stands; empty: not told. */
  readonly rack: string
  /** Where HTTP and WebSocket listen. */
  readonly http: string
  /** Where other brokers connect. */
  readonly peer: string
  /** Peer addresses of the brokers that form the cluster, this one included. */
  readonly join: readonly string[]
  /** HTTP addresses of brokers that a cascade broker may copy from; empty for a broker of level 0. */
  readonly source: readonly string[]
  /** Names of the topics that a cascade broker copies, and beginnings of names with `*` behind them; `*`: all. */
  readonly topics: readonly string[]
  /** A cascade broker keeps its copies in memory alone, of so many bytes at most. */
  readonly memory: boolean
  readonly memoryBytes: number
  readonly readyLagMs: number
  /** Of the token of a cascade broker for its source; empty for none. */
  readonly sourceTokenFile: string
  /** Keys that the brokers of the cluster have in common; empty: they prove nothing to each other. */
  readonly clusterKeyFile: string
  readonly clusterKey: ClusterKeyUse
  /** The address that clients are told; the same as `http` unless set. */
  readonly advertisedHttp: string
  /** The address that other brokers are told; the same as `peer` unless set. */
  readonly advertisedPeer: string
  readonly electionTimeoutMs: number
  readonly heartbeatMs: number
  readonly sleepAfterMs: number
  readonly maxBatchBytes: number
  readonly maxFrameBytes: number
  readonly maxAppendBytes: number
  readonly maxInflightAppends: number
  readonly maxInflightBytes: number
  readonly maxUncommittedBytes: number
  readonly maxPartitionsPerTopic: number
  readonly maxReplicasPerBroker: number
  readonly leaderReturnMs: number
  readonly balanceMs: number
  readonly replaceAfterMs: number
  readonly producerExpirationMs: number
  readonly consumerGroupExpirationMs: number
  readonly replicationBytesPerSecond: number
  readonly cascadeBytesPerSecond: number
  /** Names under which clients reach the broker, beside those that it listens on and advertises. */
  readonly hosts: readonly string[]
  readonly readOrigins: readonly string[]
  readonly writeOrigins: readonly string[]
  readonly webhookHosts: readonly string[]
  readonly webhookKeyFile: string
  readonly authentication: AuthenticationMode
  readonly superUsers: readonly string[]
  /** Empty: there is no such token. */
  readonly adminTokenFile: string
  /** How the subject of a client's certificate becomes a name. */
  readonly certificateRules: string
  /** Where the keys of the issuer of JSON web tokens are; empty: there is none. */
  readonly jwksUrl: string
  readonly jwtIssuer: string
  readonly jwtAudience: string
  readonly jwtPrincipalClaim: string
  readonly jwtGroupsClaim: string
  /** Anybody who reaches a port beyond this machine may do everything there. */
  readonly insecure: boolean
  readonly tls: TlsMode
  /** Paths of PEM files; empty for none. */
  readonly tlsCertFile: string
  readonly tlsKeyFile: string
  readonly tlsCaFile: string
  readonly tlsMinVersion: (typeof tlsVersions)[number]
  readonly tlsClientCertificates: (typeof clientCertificateModes)[number]
  readonly peerTls: TlsMode
  readonly peerTlsCertFile: string
  readonly peerTlsKeyFile: string
  readonly peerTlsCaFile: string
  readonly peerTlsClientCertificates: (typeof clientCertificateModes)[number]
  /** The name in the certificate of a broker, by its id, where it is not `broker-<id>`. */
  readonly peerTlsNames: ReadonlyMap<BrokerId, string>
  readonly sourceTls: (typeof sourceTlsModes)[number]
  readonly sourceTlsCertFile: string
  readonly sourceTlsKeyFile: string
  readonly sourceTlsCaFile: string
  readonly sourceTlsServerName: string
  readonly maxConnections: number
  /** 0: the limit of the system. */
  readonly openFiles: number
  readonly maxWebSockets: number
  readonly maxReceiveBytes: number
  readonly journalFileBytes: number
  readonly segmentBytes: number
  readonly tailBytes: number
  readonly directBytes: number
  readonly diskReserveBytes: number
  readonly autoCreateTopics: boolean
  readonly autoCreatePartitions: number
  /** 0: three, or as many as there are brokers. */
  readonly autoCreateReplicas: number
  readonly requestTimeoutMs: number
  readonly shutdownTimeoutMs: number
  /** Whether /metrics has series of each partition, and up to how many partitions of this broker. */
  readonly metricsPerPartition: boolean
  readonly metricsMaxPartitions: number
  readonly logLevel: LogLevel
  readonly logFormat: LogFormat
}

export type SettingName = keyof BrokerSettings
