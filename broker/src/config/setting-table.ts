import { logLevels } from '@tailrace/schemas/log-levels'
import type { BrokerSettings, SettingName } from './broker-settings.ts'
import { clusterKeyUses, logFormats } from './broker-settings.ts'
import { securitySettings } from './security-settings.ts'
import type { Setting } from './setting.ts'
import {
  address,
  addresses,
  addressesOrNone,
  bytes,
  choice,
  duration,
  fileOrNone,
  folder,
  hostNames,
  integer,
  origins,
  text,
  topicPatterns,
  yesOrNo,
} from './setting-kinds.ts'
import { tlsSettings } from './tls-settings.ts'
import { webhookSettings } from './webhook-settings.ts'

const KiB = 1024
const MiB = 1024 * KiB
const GiB = 1024 * MiB

/**
 * Every setting of a broker, in the order of the documentation. Flags, environment names, the configuration file, the
 * checks and docs/configuration.md all follow from this table. A fallback that follows another setting stands after it.
 */
export const settingTable: { readonly [Name in SettingName]: Setting<BrokerSettings[Name]> } = {
  id: {
    kind: integer(1, 2 ** 31 - 1),
    fallback: 'required',
    about:
      'Number of this broker, unique in the cluster. It belongs to the data folder: an emptied folder needs a new number.',
    perBroker: true,
  },
  data: {
    kind: folder,
    fallback: 'required',
    about: 'Folder of this broker alone; created if missing. A cascade broker with memory has none.',
    unneededWith: 'memory',
    perBroker: true,
  },
  rack: {
    kind: text(/^([A-Za-z0-9][A-Za-z0-9._:@/-]{0,99})?$/, 'up to 100 of a-z, A-Z, 0-9 and ._:@/-, or nothing for none'),
    fallback: { value: '' },
    about:
      'Where this broker stands: the name of a rack, a room or a zone, as you like; brokers of one machine share one. Replicas of a partition are placed in different racks, and on different hosts. Consumers with "level" and the same "rack" read from it by preference.',
    perBroker: true,
  },
  http: {
    kind: address,
    fallback: { value: '127.0.0.1:8080' },
    about: 'Where HTTP and WebSocket listen. Other machines reach it only if you give an address of the network here.',
    perBroker: true,
  },
  peer: {
    kind: address,
    fallback: { value: '127.0.0.1:7080' },
    about: 'Where other brokers connect.',
    perBroker: true,
  },
  join: {
    kind: addresses,
    fallback: { follows: 'peer', from: (settings) => [settings.advertisedPeer] },
    about:
      'Peer addresses of the brokers that form the cluster, this one included. Alone, a broker forms a cluster of one.',
    perBroker: true,
  },
  source: {
    kind: addressesOrNone,
    fallback: { value: [] },
    about:
      'Of a cascade broker only: HTTP addresses of brokers one level up. Any one will do; it learns of others by itself.',
    perBroker: true,
  },
  topics: {
    kind: topicPatterns,
    fallback: { value: ['*'] },
    about:
      'Of a cascade broker only: the topics that it copies, by name; orders.* are all whose names begin with orders. and * all. Of others it forwards publishes and refuses reads. After a restart those no longer named are removed from its disk, new ones are copied from their start.',
    perBroker: true,
  },
  memory: {
    kind: yesOrNo,
    fallback: { value: false },
    about:
      'Of a cascade broker only: it keeps its copies in memory alone, up to memoryBytes, and writes nothing to a disk. After a start it copies anew.',
    perBroker: true,
  },
  memoryBytes: {
    kind: bytes(16 * MiB, 1024 * GiB),
    fallback: { value: 256 * MiB },
    about:
      'Of a cascade broker with memory: bytes of all its copies. Beyond them the oldest batches go, of the partitions that hold most. The process takes more: docs/operations.md has figures.',
    perBroker: true,
  },
  readyLagMs: {
    kind: duration(100, 86_400_000),
    fallback: { value: 10_000 },
    about:
      'Of a cascade broker only: after a start it is ready once it has all records that its source had then, and no partition has lacked records for longer than this. Later lag does not change that.',
  },
  sourceTokenFile: {
    kind: fileOrNone,
    fallback: { value: '' },
    about:
      'Of a cascade broker only: file with the token that it shows to its source, of the principal Cascade:ID; readable by the owner alone. A changed file counts for the next connection.',
    perBroker: true,
  },
  clusterKeyFile: {
    kind: fileOrNone,
    fallback: { value: '' },
    about:
      'File with the key that the brokers of the cluster have in common, by which they prove to each other that they belong to it: at least 32 random bytes in base64 (openssl rand -base64 32), readable by the owner alone. It may have two keys, in lines of their own: the first one proves, each is accepted. A changed file counts within seconds. "tailrace cluster start" makes one.',
  },
  clusterKey: {
    kind: choice(clusterKeyUses),
    fallback: { value: 'required' },
    about:
      'With clusterKeyFile: whether brokers that do not prove that they have the key are refused. optional: they are taken, which is for the time in which the brokers of a running cluster get a key one after the other.',
  },
  advertisedHttp: {
    kind: address,
    fallback: { follows: 'http', from: (settings) => settings.http },
    about: 'HTTP address that clients are told, if it differs from the one listened on.',
    perBroker: true,
  },
  advertisedPeer: {
    kind: address,
    fallback: { follows: 'peer', from: (settings) => settings.peer },
    about: 'Peer address that other brokers are told, if it differs from the one listened on.',
    perBroker: true,
  },
  electionTimeoutMs: {
    kind: duration(50, 60_000),
    fallback: { value: 600 },
    about:
      'A follower that receives no message from a leader for this long, up to twice as long, calls an election. The same on all brokers.',
  },
  heartbeatMs: {
    kind: duration(5, 10_000),
    fallback: {
      follows: 'electionTimeoutMs * 2 / 5',
      from: (settings) => Math.max(5, Math.round((settings.electionTimeoutMs * 2) / 5)),
    },
    about:
      'Time between heartbeats of a leader, in steps of a fifth of electionTimeoutMs. At most half of electionTimeoutMs.',
  },
  sleepAfterMs: {
    kind: duration(100, 3_600_000),
    fallback: { value: 1_000 },
    about: 'A partition that has had no request for this long sleeps: it costs no message until the next request.',
  },
  maxBatchBytes: {
    kind: bytes(KiB, GiB),
    fallback: { value: 1_048_588 },
    about: "Largest record batch that a topic accepts by default; Kafka's default of 1 MiB plus the batch header.",
  },
  maxFrameBytes: {
    kind: bytes(64 * KiB, 2 * GiB - 1),
    fallback: { value: 8 * MiB },
    about:
      'Largest frame read from a connection. Above maxBatchBytes, and above that of every topic: else the broker does not start. The same on all brokers.',
  },
  maxAppendBytes: {
    kind: bytes(KiB, GiB),
    fallback: { value: MiB },
    about: 'Entries in one message to a follower; one entry may be larger. At most maxFrameBytes.',
  },
  maxInflightAppends: {
    kind: integer(1, 10_000),
    fallback: { value: 64 },
    about: 'Messages with entries in flight to one follower of a partition.',
  },
  maxInflightBytes: {
    kind: bytes(KiB, 16 * GiB),
    fallback: { value: 8 * MiB },
    about: 'Bytes of entries in flight to one follower of a partition.',
  },
  maxUncommittedBytes: {
    kind: bytes(64 * KiB, 16 * GiB),
    fallback: { value: 16 * MiB },
    about:
      'Bytes of a partition that wait for a majority; publishing beyond them is refused with OVERLOADED. At least maxBatchBytes.',
  },
  maxPartitionsPerTopic: {
    kind: integer(1, 100_000),
    fallback: { value: 10_000 },
    about: 'Partitions that a topic may be created with. The same on all brokers.',
  },
  maxReplicasPerBroker: {
    kind: integer(1, 10_000_000),
    fallback: { value: 20_000 },
    about:
      'Replicas of partitions on one broker; a topic that would need more is refused with TOO_MANY_PARTITIONS. The same on all brokers.',
  },
  leaderReturnMs: {
    kind: duration(0, 86_400_000),
    fallback: { value: 60_000 },
    about:
      "Time for which a broker must be up before the leaderships of partitions that prefer it return to it; 0: they do not return by themselves. The metadata leader's value counts.",
  },
  balanceMs: {
    kind: duration(0, 86_400_000),
    fallback: { value: 60_000 },
    about:
      "Time between two looks at how evenly replicas and leaderships are spread over brokers; what is uneven is moved. 0: only when an operator asks for it. The metadata leader's value counts.",
  },
  replaceAfterMs: {
    kind: duration(0, 30 * 86_400_000),
    fallback: { value: 1_800_000 },
    about:
      "Time after which the replicas of a broker that is away are given to others, where racks and disks allow it; 0: never. The metadata leader's value counts.",
  },
  producerExpirationMs: {
    kind: duration(1_000, 30 * 86_400_000),
    fallback: { value: 86_400_000 },
    about:
      'A partition remembers a producer, and so recognises its retries, at least this long after its last batch; while it remembers 10,000 of them, new ones are refused with TOO_MANY_PRODUCERS.',
  },
  consumerGroupExpirationMs: {
    kind: duration(0, 366 * 86_400_000),
    fallback: { value: 7 * 86_400_000 },
    about:
      "Time without members after which a consumer group is removed with its positions, and without commits after which a position in a topic that its group does not read any more is removed; 0: never. The coordinator's value counts.",
  },
  replicationBytesPerSecond: {
    kind: bytes(0, 1024 * GiB),
    fallback: { value: 0 },
    about: 'Bytes a second at which this broker copies replicas from others, all together; 0 for no limit.',
  },
  cascadeBytesPerSecond: {
    kind: bytes(0, 1024 * GiB),
    fallback: { value: 0 },
    about:
      'Bytes a second that each cascade broker below may copy from this broker, so that one that is far behind leaves room for the others; 0 for no limit. A quota that names the cascade broker comes before it.',
  },
  hosts: {
    kind: hostNames,
    fallback: { value: [] },
    about:
      'Host names by which clients reach HTTP, beside those of http and advertisedHttp, localhost, and addresses; * for any. Requests for another host are refused, so that no web page can let its own name point here (DNS rebinding).',
  },
  readOrigins: {
    kind: origins(true),
    fallback: { value: [] },
    about: 'Origins of web pages that may read, beside those served by the broker; * for any.',
  },
  writeOrigins: {
    kind: origins(false),
    fallback: { value: [] },
    about: 'Origins of web pages that may read and write.',
  },
  ...webhookSettings,
  ...tlsSettings,
  ...securitySettings,
  maxConnections: {
    kind: integer(1, 1_000_000),
    fallback: { value: 10_000 },
    about:
      'Connections of clients at one time, fewer where openFiles is low. Beyond it the one that has been idle longest is closed.',
  },
  openFiles: {
    kind: integer(0, 2 ** 31 - 1),
    fallback: { value: 0 },
    about:
      'Files and connections that this process may have open. 0: the limit that the system sets, where it tells one (not on Windows).',
  },
  maxWebSockets: {
    kind: integer(1, 1_000_000),
    fallback: {
      follows: 'maxConnections / 2',
      from: (settings) => Math.ceil(settings.maxConnections / 2),
    },
    about: 'WebSockets and streams of events among the connections; three quarters of them for one client address.',
  },
  maxReceiveBytes: {
    kind: bytes(MiB, 1024 * GiB),
    fallback: {
      follows: 'max(128 MiB, maxFrameBytes * 4)',
      from: (settings) => Math.max(128 * MiB, settings.maxFrameBytes * 4),
    },
    about:
      'Bytes of request bodies and WebSocket messages that have arrived and are not whole, or not answered; half of them for one client address. At least twice maxFrameBytes.',
  },
  journalFileBytes: {
    kind: bytes(MiB, 4 * GiB),
    fallback: { value: 32 * MiB },
    about: 'Size of one journal file; allocated ahead and recycled. Above maxBatchBytes.',
  },
  segmentBytes: {
    kind: bytes(MiB, 2 * GiB),
    fallback: { value: 128 * MiB },
    about: 'Size at which a partition starts the next segment file. Above maxBatchBytes.',
  },
  tailBytes: {
    kind: bytes(MiB, 1024 * GiB),
    fallback: { value: 64 * MiB },
    about:
      'Memory for recent batches of all partitions, so that readers that keep up never wait for the disk. Used as it fills.',
  },
  directBytes: {
    // Half of the bytes of one round of the journal: with more, one partition fills round after round.
    kind: bytes(4 * KiB, 2 * MiB),
    fallback: { value: 512 * KiB },
    about:
      'If one partition has at least this many bytes in a round, they are written directly to its segment; the journal stores a reference. At most half of journalFileBytes.',
  },
  diskReserveBytes: {
    kind: bytes(0, 1024 * GiB),
    fallback: { value: 256 * MiB },
    about:
      'Free disk space below which the broker takes no records (DISK_FULL); reading and deleting go on. Below half of it followers take none either.',
  },
  autoCreateTopics: {
    kind: yesOrNo,
    fallback: { value: false },
    about:
      "A topic that is missing is created when a client publishes to it and may create it, as Kafka's auto.create.topics.enable does. Not for names that begin with two underscores. The same on all brokers.",
  },
  autoCreatePartitions: {
    kind: integer(1, 10_000),
    fallback: { value: 1 },
    about: "Partitions of a topic that autoCreateTopics creates, as Kafka's num.partitions.",
  },
  autoCreateReplicas: {
    kind: integer(0, 99),
    fallback: { value: 0 },
    about:
      "Replicas of a topic that autoCreateTopics creates, as Kafka's default.replication.factor. 0: three, or as many as there are brokers where there are fewer.",
  },
  requestTimeoutMs: {
    kind: duration(100, 600_000),
    fallback: { value: 30_000 },
    about: 'Time after which a request that cannot be answered fails with TIMED_OUT.',
  },
  shutdownTimeoutMs: {
    kind: duration(100, 600_000),
    fallback: { value: 10_000 },
    about: 'Time that a stop may take before the process ends regardless.',
  },
  metricsPerPartition: {
    kind: yesOrNo,
    fallback: { value: true },
    about:
      'Whether /metrics has series of each partition of this broker (tailrace_partition_…): about 7, and 3 for each follower of a partition that it leads. Only while it has at most metricsMaxPartitions.',
  },
  metricsMaxPartitions: {
    kind: integer(0, 10_000_000),
    fallback: { value: 1_000 },
    about:
      'Partitions of this broker beyond which /metrics has no series of each; tailrace_partition_series_shown is 0 then.',
  },
  logLevel: {
    kind: choice(logLevels),
    fallback: { value: 'info' },
    about: 'Least level of the lines that are logged.',
  },
  logFormat: {
    kind: choice(logFormats),
    fallback: { value: 'auto' },
    about:
      'How lines are logged: json, a JSON object a line; text, for people; auto, text where standard output is a terminal, else json.',
  },
}

export const settingNames = Object.keys(settingTable) as SettingName[]

/** Names of the settings that brokers of one machine share: all stand in one rack. */
export const sharedSettingNames = settingNames.filter(
  (name) => settingTable[name].perBroker !== true || name === 'rack',
)

/** Files that a broker reads again when they change: of certificates, keys and tokens. */
export const fileSettings = settingNames.filter((name) => (settingTable[name].kind as unknown) === fileOrNone)

/** electionTimeoutMs -> --election-timeout-ms */
export function flagOf(name: string): string {
  return '--' + words(name).join('-')
}

/** electionTimeoutMs -> TAILRACE_ELECTION_TIMEOUT_MS */
export function environmentNameOf(name: string): string {
  return 'TAILRACE_' + words(name).join('_').toUpperCase()
}

function words(name: string): string[] {
  return name.split(/(?=[A-Z])/).map((word) => word.toLowerCase())
}
