import type { BrokerApi } from '../../../../broker/src/api/broker-api.ts'
import type { GroupLog, LogStorage } from '../../../../broker/src/log/log-storage.ts'
import { type BrokerDefects, defectiveDurability, forged } from '../defects.ts'

type ReadLog = Pick<GroupLog, 'startOffset' | 'endOffset' | 'readRecords'>

/**
 * The API of a source as brokers below get it. With the defect they are shown all of its log. `logOf`: of its own
 * replica or copy, if it has one.
 */
export function defectiveSource(
  showsAll: boolean,
  api: BrokerApi,
  logOf: (topic: string, partition: number) => ReadLog | undefined,
): BrokerApi {
  if (!showsAll) return api
  const fetch: BrokerApi['fetch'] = async (topic, partition, request) => {
    const log = request.replica === true ? logOf(topic, partition) : undefined
    if (log === undefined || request.offset < log.startOffset) return api.fetch(topic, partition, request)
    const run = await log.readRecords(request.offset, log.endOffset, request.maxBytes)
    if (run.batches.length === 0) return api.fetch(topic, partition, request)
    return { ...run, highWatermark: log.endOffset, logStart: log.startOffset }
  }
  return { ...api, fetch }
}

/** Changes the logs of copies before they are opened; the watch looks at what they write then. */
export function defectiveCopies({ copiesChanged }: BrokerDefects, storage: LogStorage): void {
  if (!copiesChanged) return
  const change = (log: GroupLog): GroupLog => {
    const write = log.write.bind(log)
    log.write = (next) => write({ ...next, payloads: next.payloads.map(forged) })
    return log
  }
  for (const log of storage.groups()) change(log)
  const create = storage.create.bind(storage)
  storage.create = (id, damage) => change(create(id, damage))
}

/** Once they are open. */
export function defectiveCopyLogs({ copiesShownEarly, ...others }: BrokerDefects, storage: LogStorage): void {
  defectiveDurability({ ...others, copiesShownEarly, ackBeforeFsync: copiesShownEarly }, storage, storage.onDurable)
}

/** The API of a cascade broker as readers get it. */
export function defectiveApi({ readersTakenBack }: BrokerDefects, api: BrokerApi): BrokerApi {
  if (!readersTakenBack) return api
  const fetch: BrokerApi['fetch'] = async (topic, partition, request) => {
    const { highWatermark } = await api.fetch(topic, partition, { ...request, waitMs: 0 })
    return api.fetch(topic, partition, { ...request, offset: Math.min(request.offset, highWatermark) })
  }
  return { ...api, fetch }
}
