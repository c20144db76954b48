import type { GroupLog, LogStorage } from '../../../broker/src/log/types.ts'
import type { Crc32c } from '../../../broker/src/platform/checksum.ts'

/** Mechanisms of a broker that a test may switch off, to show that this simulator notices (negative controls). */
export interface BrokerDefects {
  /** Every disk answers syncs and stores nothing. */
  readonly disksLie: boolean
  /** The log tells of durability as soon as it has been asked to write: followers acknowledge before the fsync (M25). */
  readonly ackBeforeFsync: boolean
  /** Recovery takes what has rotted for a torn tail: the replica votes and leads with what is left. */
  readonly rotIsTorn: boolean
  /** Batches are served without a look at their checksum. */
  readonly noBatchCheck: boolean
  /** Producers send again without the number under which a broker knows what it has already (M98). */
  readonly anonymousRetries: boolean
}

export const noBrokerDefects: BrokerDefects = {
  disksLie: false,
  ackBeforeFsync: false,
  rotIsTorn: false,
  noBatchCheck: false,
  anonymousRetries: false,
}

/** Changes a storage that has just been opened. */
export function defectiveStorage({ rotIsTorn }: BrokerDefects, storage: LogStorage): void {
  if (!rotIsTorn) return
  for (const log of storage.groups()) (log as { damage: unknown }).damage = null
}

/** `told`: the listener of BrokerGroups itself, so that the watch goes on seeing what is really synced. */
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

/** The checksum that the log is handed; with the defect, that of a batch is whatever the batch says. */
export function crcOf({ noBatchCheck }: BrokerDefects, crc: Crc32c): Crc32c {
  if (!noBatchCheck) return crc
  return (bytes, start, end) => {
    if (start < CRC_COVERS_FROM || bytes[start - MAGIC_BEFORE] !== 2) return crc(bytes, start, end)
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(start - CRC_BEFORE)
  }
}
