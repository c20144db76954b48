import { type FormatRow, frameFormat, newerThan, readTokenFormat } from './formats/client-formats.ts'
import type { TailraceError } from './tailrace-error.ts'

export type { FormatRow }

/**
 * Every format and its version, in one place (docs/decisions/format-versions.md). A version that is newer than the one
 * here is refused with NEWER_FORMAT, and nothing is written: a newer broker must find its data unchanged.
 */
export const formatTable = {
  dataFolder: {
    what: 'The data folder',
    version: 1,
    checkedIn: 'broker/src/log/recovery/data-format.ts',
    proof: 'CRC-32C over name and version',
  },
  identity: {
    what: 'The identity file',
    version: 1,
    checkedIn: 'broker/src/cluster/formation/identity-file.ts',
    proof: 'CRC-32C over all before it',
  },
  lives: {
    what: 'The list of lives',
    version: 1,
    checkedIn: 'broker/src/cluster/formation/lives-file.ts',
    proof: 'CRC-32C over all behind it',
  },
  formation: {
    what: 'The record of the cluster',
    version: 1,
    checkedIn: 'broker/src/cluster/metadata/formation-record.ts',
    proof: 'the checksum of the file or frame that holds it',
  },
  checkpoint: {
    what: 'A checkpoint of the log',
    version: 1,
    checkedIn: 'broker/src/log/recovery/checkpoint.ts',
    proof: 'CRC-32C; from version 2 on it covers the name with the version too',
  },
  journalBlock: {
    what: 'A journal block',
    version: 1,
    checkedIn: 'broker/src/log/journal/block.ts',
    proof: 'CRC-32C over the block, version included',
  },
  journalRecord: {
    what: 'A journal record of type',
    version: 12,
    checkedIn: 'broker/src/log/journal/replay.ts',
    proof: 'the checksum of the block, or of the record where the block has rotted',
  },
  durableMark: {
    what: 'The mark of what is durable',
    version: 1,
    checkedIn: 'broker/src/log/journal/durable-mark.ts',
    proof: 'CRC-32C over version and sequence',
  },
  segment: {
    what: 'A segment file',
    version: 1,
    checkedIn: 'broker/src/log/segment/segment.ts',
    proof: 'the name of the file',
  },
  segmentIndex: {
    what: 'An index file of a segment',
    version: 1,
    checkedIn: 'broker/src/log/segment/segment.ts',
    proof: 'the name of the file',
  },
  recordBatch: {
    what: 'A record batch of magic',
    version: 2,
    checkedIn: 'broker/src/log/newer-batch.ts',
    proof: 'the checksum of the journal record',
  },
  controlRecord: {
    what: 'A control record',
    version: 0,
    checkedIn: 'broker/src/log/newer-batch.ts',
    proof: 'CRC-32C of its batch',
  },
  stateStore: {
    what: 'The state store',
    version: 1,
    checkedIn: 'broker/src/log/store/state-format.ts',
    proof: 'the checksums of RocksDB',
  },
  producerCheckpoint: {
    what: 'The checkpoint of a partition',
    version: 2,
    checkedIn: 'broker/src/partition/replica/state/checkpoint-codec.ts',
    proof: 'CRC-32C; from version 3 on it covers the version too',
  },
  configuration: {
    what: 'The configuration of a group',
    version: 1,
    checkedIn: 'broker/src/partition/replica/state/configuration-codec.ts',
    proof: 'CRC-32C of its batch',
  },
  copyManifest: {
    what: 'The manifest of a copy',
    version: 1,
    checkedIn: 'broker/src/partition/copies/copy-manifest.ts',
    proof: 'the connection between brokers',
  },
  metadataSnapshot: {
    what: 'A snapshot of the metadata',
    version: 1,
    checkedIn: 'broker/src/cluster/metadata/store/metadata-store.ts',
    proof: 'the checksums of RocksDB, or the connection between brokers',
  },
  command: {
    what: 'A command of the metadata',
    version: 1,
    checkedIn: 'broker/src/cluster/metadata/commands/command.ts',
    proof: 'CRC-32C of its batch',
  },
  consumerGroupCommand: {
    what: 'A command of a coordinator of consumer groups',
    version: 1,
    checkedIn: 'broker/src/consumer-groups/state/commands/command-codec.ts',
    proof: 'CRC-32C of its batch',
  },
  streamChanges: {
    what: 'An entry of a log of durable streams',
    version: 1,
    checkedIn: 'broker/src/streams/state/change-codec.ts',
    proof: 'CRC-32C of its batch',
  },
  streamsSnapshot: {
    what: 'A snapshot of durable streams',
    version: 1,
    checkedIn: 'broker/src/streams/state/streams-store.ts',
    proof: 'the checksums of RocksDB, or the connection between brokers',
  },
  consumerGroupsSnapshot: {
    what: 'A snapshot of consumer groups',
    version: 1,
    checkedIn: 'broker/src/consumer-groups/state/store/load-consumer-groups.ts',
    proof: 'the checksums of RocksDB, or the connection between brokers',
  },
  securityCopy: {
    what: 'The copy of users, tokens, rules and quotas of a cascade broker',
    version: 1,
    checkedIn: 'broker/src/cascade/upstream/copied-tables.ts',
    proof: 'the checksums of RocksDB',
  },
  readToken: readTokenFormat,
  frame: frameFormat,
  handshake: {
    what: 'The handshake of brokers',
    version: 3,
    checkedIn: 'broker/src/doors/peer/handshake/handshake-version.ts',
    proof: 'the connection between brokers',
  },
} as const satisfies Record<string, FormatRow>

export type FormatName = keyof typeof formatTable

/** `where`: the file, or another description of the place. */
export function newerFormat(name: FormatName, found: number | string, where = ''): TailraceError {
  return newerThan(formatTable[name], found, where)
}

/**
 * @throws TailraceError NEWER_FORMAT for a version above the table's. The caller refuses a value that is no version.
 */
export function refuseNewer(name: FormatName, found: unknown, where = ''): void {
  if (Number.isSafeInteger(found) && (found as number) > formatTable[name].version)
    throw newerFormat(name, found as number, where)
}
