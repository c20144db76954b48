import type { BrokerId, ClusterRecordFields } from '@tailrace/schemas'
import { formatTable, refuseNewer, TailraceError } from '@tailrace/schemas'
import { areShort, isPositive } from './commands/command-checks.ts'
import { sha256 } from './sha256.ts'

/** A founding member of the cluster. `peer`: the address it had then. */
export interface Member {
  readonly id: BrokerId
  readonly directoryId: string
  readonly peer: string
}

/**
 * The founders of the cluster: the voters of group 0, by ascending id. Every broker keeps it, and never changes it.
 * `clusterId` follows from ids and directory ids, so brokers that see the same founders write the same record without
 * asking each other.
 */
export interface FormationRecord {
  readonly clusterId: string
  readonly voters: readonly Member[]
}

export function formationOf(members: readonly Member[]): FormationRecord {
  const voters = members.map(({ id, directoryId, peer }) => ({ id, directoryId, peer })).sort((a, b) => a.id - b.id)
  return { clusterId: clusterIdOf(voters), voters }
}

/**
 * Reads a record that came from a file or a peer.
 * @throws TailraceError CLUSTER_MISMATCH when it is malformed or its id does not follow from its members; NEWER_FORMAT
 */
export function readFormation(value: unknown): FormationRecord {
  // A record without `version` is of the first.
  const { clusterId, voters, version } = (value ?? {}) as Partial<FormationRecord> & { readonly version?: unknown }
  refuseNewer('formation', version)
  if (!Array.isArray(voters) || voters.length === 0 || !voters.every(isMember)) {
    throw new TailraceError('CLUSTER_MISMATCH', 'The record of the cluster names no members.')
  }
  const record = formationOf(voters)
  if (record.clusterId !== clusterId || new Set(voters.map((voter) => voter.id)).size !== voters.length) {
    throw new TailraceError('CLUSTER_MISMATCH', 'The record of the cluster does not match its id.')
  }
  return record
}

/** A record as it is sent to another broker; `isClusterRecord` and `readFormation` check it there. */
export function recordFields({ clusterId, voters }: FormationRecord): ClusterRecordFields {
  const version = formatTable.formation.version
  return { version, clusterId, voters: voters.map(({ id, directoryId, peer }) => ({ id, directoryId, peer })) }
}

/** @throws TailraceError as readFormation */
export function isClusterRecord(record: ClusterRecordFields): boolean {
  const { voters } = readFormation(record)
  return isPositive(record.version ?? 1) && voters.every(({ directoryId, peer }) => areShort(directoryId, peer))
}

/**
 * The entry of the record for a broker with this id and data directory.
 * @throws TailraceError CLUSTER_MISMATCH when it is no member; BROKER_IDENTITY_MISMATCH when the member has another
 * data directory
 */
export function requireMember(record: FormationRecord, id: BrokerId, directoryId: string): Member {
  const member = record.voters.find((voter) => voter.id === id)
  if (member === undefined) {
    const members = record.voters.map((voter) => voter.id).join(', ')
    throw new TailraceError(
      'CLUSTER_MISMATCH',
      `Cluster ${record.clusterId} consists of brokers ${members}, not ${id}.`,
    )
  }
  if (member.directoryId !== directoryId) {
    throw new TailraceError(
      'BROKER_IDENTITY_MISMATCH',
      // The other directory is not named: this text may reach clients through a broker's readiness, and the ids are the
      // cluster's secret.
      `Broker ${id} of cluster ${record.clusterId} has another data directory than ${directoryId}.`,
    )
  }
  return member
}

/**
 * The secret that the brokers of the cluster know and clients do not: data directories' ids are random, and no answer
 * to a client shows them. Brokers that join later know it too, since they get the record.
 */
export function clusterSecret({ voters }: FormationRecord): Uint8Array {
  return sha256(new TextEncoder().encode(`tailrace: seal of tokens\n${membersText(voters)}`))
}

/** SHA-256 over the (id, directoryId) pairs in the shape of a UUID version 8 (RFC 9562 §5.8). */
function clusterIdOf(voters: readonly Member[]): string {
  const bytes = sha256(new TextEncoder().encode(membersText(voters))).subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

function membersText(voters: readonly Member[]): string {
  return voters.map((voter) => `${voter.id} ${voter.directoryId}\n`).join('')
}

function isMember(value: unknown): value is Member {
  const { id, directoryId, peer } = (value ?? {}) as Partial<Member>
  return Number.isSafeInteger(id) && id! > 0 && typeof directoryId === 'string' && typeof peer === 'string'
}
