import type { GroupId } from '@tailrace/schemas'
import type { CreatePlan } from '../../../broker/src/cluster/balance/balancer.ts'
import type { ClusterNode } from '../../../broker/src/cluster/node.ts'
import type { GroupLog, LogStorage, StateSnapshot, StateStore } from '../../../broker/src/log/log-storage.ts'
import type { Peers } from '../../../broker/src/partition/peers.ts'
import type { Crc32c } from '../../../broker/src/platform/checksum.ts'
import type { Disk } from '../../../broker/src/platform/disk.ts'
import { nodeCrc32c } from '../../../broker/src/platform/node/checksum.ts'

/** Mechanisms of a broker that a test may switch off, to show that this simulator notices (negative controls). */
export interface BrokerDefects {
  /** Every disk answers syncs and stores nothing. */
  readonly disksLie: boolean
  /**
   * The log tells of durability as soon as it has been asked to write: followers acknowledge before the fsync (M25).
   */
  readonly ackBeforeFsync: boolean
  /** A round counts as durable when its journal is, whatever its bytes in segments are. */
  readonly segmentsNotAwaited: boolean
  /** Recovery takes rotten entries for a torn tail: the replica votes and leads with the rest. */
  readonly rotIsTorn: boolean
  /** Batches are served without a look at their checksum. */
  readonly noBatchCheck: boolean
  /** Producers send again without the number under which a broker recognises a batch (M98). */
  readonly anonymousRetries: boolean
  /** A replica that says that its log is damaged votes, leads and acknowledges all the same. */
  readonly noQuarantine: boolean
  /** A disk that is lost comes back blank, and its broker under its old identity. */
  readonly sameIdAfterWipe: boolean
  /** Repair takes any batches for the entries that it asked for. */
  readonly repairTrusts: boolean
  /** The log that a copy replaces is deleted before the copy is in place. */
  readonly installDeletesFirst: boolean
  /** A prefix is cut off before the state that covers it is durable. */
  readonly cutBeforeFlush: boolean
  /** Retention deletes uncommitted entries as well. */
  readonly cutBeyondCommit: boolean
  /** The mark beside the journal is ignored: a journal that ends too early counts as torn. */
  readonly marksUnread: boolean
  /** No room is kept for operations that free a full disk. */
  readonly noKeptRoom: boolean
  /** Brokers remember nothing for each other: one whose folder is put back is taken for the broker before. */
  readonly witnessIgnored: boolean
  /** A newer release writes formats that only it can read, at any feature level of the cluster. */
  readonly newFormatAtOnce: boolean
  /** An older release says that it supports the level that the newer one needs. */
  readonly levelOverstated: boolean
  /** The level is looked at when the log has been opened, which may write. */
  readonly levelCheckedLate: boolean
  /** A snapshot of the metadata lacks the quotas. */
  readonly snapshotLacksQuotas: boolean
  /** A token that was removed stays in the state store. */
  readonly removedTokensStored: boolean
  /** A quota is acknowledged before it is asked of the leader. */
  readonly quotasAnsweredAtOnce: boolean
  /** A deletion of records is acknowledged before it is asked of the leader. */
  readonly deletionsAnsweredAtOnce: boolean
  /** Brokers below are not told of deletions of records. */
  readonly deletionsUntold: boolean
  /** A broker of level 0 gives brokers below it all records of its log, committed or not. */
  readonly uncommittedToCascades: boolean
  /** A cascade broker gives brokers below it records that are not on its disk. */
  readonly unsyncedToCascades: boolean
  /** A cascade broker stores other records than it was sent, with checksums that fit. */
  readonly copiesChanged: boolean
  /** A cascade broker shows records before they are on its disk. */
  readonly copiesShownEarly: boolean
  /** A leader judges an expected offset by the end of what is committed. */
  readonly conditionsByCommit: boolean
  /** A leader tells that a condition does not hold before that is certain. */
  readonly refusalsAtOnce: boolean
  /** A fencing token is known to the leader that has accepted it, until that ends. */
  readonly fencesInMemory: boolean
  /** A cascade broker takes a reader that is ahead of it back to where it ends itself. */
  readonly readersTakenBack: boolean
  /** Each plan for an even spread prefers another leader, whatever the one before did. */
  readonly planOscillates: boolean
  /** Each plan takes one replica away from a partition. */
  readonly planTakesCopies: boolean
  /** A partition of a consumer group goes to its next owner before the one before has given it back. */
  readonly leasesGivenEarly: boolean
  /** A commit counts under any token, of anybody. */
  readonly tokensUnchecked: boolean
  /** A commit takes a position back. */
  readonly positionsOverwritten: boolean
  /** A commit is answered before it is in the log. */
  readonly commitsAnsweredEarly: boolean
  /** A snapshot of consumer groups lacks their partitions. */
  readonly snapshotLacksPositions: boolean
  /** A coordinator does not hear which partitions a member declines. */
  readonly declinedUnheard: boolean
  /** A group expires a twentieth of the time after its last member has left. */
  readonly groupsExpireEarly: boolean
  /** A member counts on its leases for its session also when the connection of its beats has ended. */
  readonly connectionEndsIgnored: boolean
}

export const noBrokerDefects: BrokerDefects = {
  disksLie: false,
  ackBeforeFsync: false,
  segmentsNotAwaited: false,
  rotIsTorn: false,
  noBatchCheck: false,
  anonymousRetries: false,
  noQuarantine: false,
  sameIdAfterWipe: false,
  repairTrusts: false,
  installDeletesFirst: false,
  cutBeforeFlush: false,
  cutBeyondCommit: false,
  marksUnread: false,
  noKeptRoom: false,
  witnessIgnored: false,
  newFormatAtOnce: false,
  levelOverstated: false,
  levelCheckedLate: false,
  snapshotLacksQuotas: false,
  removedTokensStored: false,
  quotasAnsweredAtOnce: false,
  deletionsAnsweredAtOnce: false,
  deletionsUntold: false,
  uncommittedToCascades: false,
  unsyncedToCascades: false,
  copiesChanged: false,
  copiesShownEarly: false,
  conditionsByCommit: false,
  refusalsAtOnce: false,
  fencesInMemory: false,
  readersTakenBack: false,
  planOscillates: false,
  planTakesCopies: false,
  leasesGivenEarly: false,
  tokensUnchecked: false,
  positionsOverwritten: false,
  commitsAnsweredEarly: false,
  snapshotLacksPositions: false,
  declinedUnheard: false,
  groupsExpireEarly: false,
  connectionEndsIgnored: false,
}

/** The planner of a broker; undefined: the shipped one. */
export function defectivePlan({ planOscillates, planTakesCopies }: BrokerDefects): CreatePlan | undefined {
  if (!planOscillates && !planTakesCopies) return undefined
  return ({ partitions }) => {
    const some = partitions.find(({ replicas, settled }) => settled && replicas.length > 1)
    const moves = some === undefined ? [] : [some]
    return {
      imbalance: 0,
      next() {
        const partition = moves.shift()
        if (partition === undefined) return null
        const { group, replicas: from } = partition
        const to = planOscillates ? [...from.slice(1), from[0]!] : from.slice(1)
        return { group, kind: 'leader', why: 'load', from, to, bytes: 0, imbalanceAfter: 0 }
      },
    }
  }
}

/** Once a broker has started. */
export function defectiveNode(
  { quotasAnsweredAtOnce, deletionsAnsweredAtOnce, deletionsUntold }: BrokerDefects,
  { admin, api, security }: ClusterNode,
): void {
  if (deletionsUntold) {
    const listTopics = api.listTopics.bind(api)
    api.listTopics = () => listTopics().map(({ deleted: _, ...topic }) => topic)
  }
  if (deletionsAnsweredAtOnce) {
    const deleteRecords = admin.deleteRecords.bind(admin)
    admin.deleteRecords = async (target, before) => {
      void deleteRecords(target, before).catch(() => {})
      return { logStart: before }
    }
  }
  if (!quotasAnsweredAtOnce) return
  const setQuota = security.setQuota.bind(security)
  security.setQuota = async (quota) => void setQuota(quota).catch(() => {})
}

/** Of the partitions of consumer groups in the state store. */
const GROUP_PARTITION = /^consumer-groups\/\d+\/partition\//
/** Keys of the metadata's quotas and tokens in the state store. */
const QUOTAS = 'meta/quota/'
const TOKENS = 'meta/token/'

/** The state store as a broker gets it. */
export function defectiveStore(
  { snapshotLacksQuotas, snapshotLacksPositions, removedTokensStored }: BrokerDefects,
  store: StateStore,
): StateStore {
  if (!snapshotLacksQuotas && !snapshotLacksPositions && !removedTokensStored) return store
  const isLacking = (key: string): boolean =>
    (snapshotLacksQuotas && key.startsWith(QUOTAS)) || (snapshotLacksPositions && GROUP_PARTITION.test(key))
  const snapshot = (): StateSnapshot => {
    const whole = store.snapshot()
    const range = async function* (from: string, to: string) {
      for await (const pair of whole.range(from, to)) if (!isLacking(pair[0])) yield pair
    }
    return { ...whole, range }
  }
  const write: StateStore['write'] = (changes) =>
    store.write(changes.filter(([key, value]) => value !== null || !key.startsWith(TOKENS)))
  return {
    ...store,
    ...((snapshotLacksQuotas || snapshotLacksPositions) && { snapshot }),
    ...(removedTokensStored && { write }),
  }
}

/** The disk as a broker gets it. */
export function defectiveDisk({ segmentsNotAwaited }: BrokerDefects, disk: Disk): Disk {
  if (!segmentsNotAwaited) return disk
  const open: Disk['open'] = async (path) => {
    const file = await disk.open(path)
    if (!path.endsWith('.log')) return file
    return { ...file, sync: async () => {} }
  }
  return { ...disk, open }
}

/** Changes a storage that has just been opened. */
export function defectiveStorage({ rotIsTorn }: BrokerDefects, storage: LogStorage): void {
  if (!rotIsTorn) return
  for (const log of storage.groups()) (log as { damage: unknown }).damage = null
}

/** `told`: the listener of BrokerGroups itself, so that the watch still sees which writes are really synced. */
export function defectiveDurability(
  { ackBeforeFsync }: BrokerDefects,
  storage: LogStorage,
  told: LogStorage['onDurable'],
): void {
  if (!ackBeforeFsync) return
  const hasten = (log: GroupLog): void => {
    const write = log.write.bind(log)
    log.write = (next) => {
      write(next)
      void Promise.resolve().then(() => told(log.group, next.ticket))
    }
  }
  for (const log of storage.groups()) hasten(log)
  const create = storage.create.bind(storage)
  storage.create = (id, damage) => {
    const log = create(id, damage)
    hasten(log)
    return log
  }
}

const CRC_COVERS_FROM = 21
const MAGIC_BEFORE = 5
const CRC_BEFORE = 4

/** The checksum that the log gets; with the defect, that of a batch is the one in the batch. */
export function crcOf({ noBatchCheck }: BrokerDefects, crc: Crc32c): Crc32c {
  if (!noBatchCheck) return crc
  return (bytes, start, end) => {
    if (start < CRC_COVERS_FROM || bytes[start - MAGIC_BEFORE] !== 2) return crc(bytes, start, end)
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(start - CRC_BEFORE)
  }
}

/** Changes the behaviour of logs after they have been opened; the watch has seen them unchanged. */
export function defectiveLogs(defects: BrokerDefects, storage: LogStorage): void {
  const { noQuarantine, repairTrusts, cutBeyondCommit } = defects
  if (!noQuarantine && !repairTrusts && !cutBeyondCommit) return
  const change = (log: GroupLog): GroupLog => {
    if (noQuarantine) {
      log.repaired()
      const lose = log.lose.bind(log)
      log.lose = (from, endOffset, reason) => {
        lose(from, endOffset, reason)
        log.repaired()
      }
    }
    const replaceCorrupt = log.replaceCorrupt.bind(log)
    if (repairTrusts) log.replaceCorrupt = (first, last, payloads) => replaceCorrupt(first, last, payloads.map(forged))
    const cutPrefix = log.cutPrefix.bind(log)
    if (cutBeyondCommit) log.cutPrefix = () => cutPrefix(log.lastIndex + 1)
    return log
  }
  for (const log of storage.groups()) change(log)
  const create = storage.create.bind(storage)
  storage.create = (id, damage) => change(create(id, damage))
}

/** The same batch with another record in it, and a checksum that fits. */
export function forged(batch: Uint8Array): Uint8Array {
  const other = batch.slice()
  other[other.length - 1]! ^= 1
  const view = new DataView(other.buffer, other.byteOffset)
  view.setUint32(CRC_COVERS_FROM - CRC_BEFORE, nodeCrc32c(other, CRC_COVERS_FROM, other.length))
  return other
}

/** Logs that an installation was about to replace when their broker fell: with the defect they are gone. */
export class DeletedFirst {
  readonly #groups = new Set<GroupId>()

  watch(storage: LogStorage): void {
    const beginInstall = storage.beginInstall.bind(storage)
    storage.beginInstall = async (id, description, files) => {
      const install = await beginInstall(id, description, files)
      this.#groups.add(id)
      const finish = install.finish.bind(install)
      install.finish = () => {
        const finishing = finish()
        void finishing.then(() => this.#groups.delete(id)).catch(() => {})
        return finishing
      }
      return install
    }
  }

  async remove(storage: LogStorage): Promise<void> {
    for (const id of this.#groups) await storage.remove(id)
    this.#groups.clear()
  }
}

/**
 * No broker is told what others remember. They do remember it as before, for folders are put back only where that
 * helps.
 */
export function withoutWitnesses(peers: Peers): void {
  const tell = peers.tell.bind(peers)
  peers.tell = (to, name, fields) => {
    if (name !== 'Witness') tell(to, name, fields)
  }
}
