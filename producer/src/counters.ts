/** What a producer has done since it was made, and what it is at. */
export interface ProducerCounters {
  /** Acknowledged: records, their batches, and the bytes of these as they were sent. */
  readonly records: number
  readonly batches: number
  readonly bytes: number
  /** Records that were not published, or of which that is not known. */
  readonly failedRecords: number
  /** Batches that were sent once more. */
  readonly retries: number
  /** Batches that were sent and have no answer yet. */
  readonly inFlight: number
  /** Bytes of records that are not acknowledged yet. */
  readonly bufferedBytes: number
  /** Calls that wait until there is room, or the topic is known. */
  readonly waitingSends: number
}

/** Those that the lanes count, once a batch. All but `inFlight` only grow. */
export interface ProducerCounts {
  records: number
  batches: number
  bytes: number
  failedRecords: number
  retries: number
  inFlight: number
}

export function newCounts(): ProducerCounts {
  return { records: 0, batches: 0, bytes: 0, failedRecords: 0, retries: 0, inFlight: 0 }
}
