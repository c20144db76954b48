import type { StreamResult } from '../../api/streams-api.ts'
import type { StreamChangeRequest } from './changes.ts'

/** Of all streams that this broker has led, since its start. */
export interface StreamCounts {
  created: number
  /** Deleted, or run out. */
  removed: number
  appends: number
  appendedBytes: number
  /** Appends that the stream had before. */
  repeated: number
}

export function noCounts(): StreamCounts {
  return { created: 0, removed: 0, appends: 0, appendedBytes: 0, repeated: 0 }
}

export function countChange(counts: StreamCounts, change: StreamChangeRequest, result: StreamResult): void {
  if (result.kind === 'created' && result.isNew) counts.created += 1
  if (result.kind !== 'appended' || !('body' in change)) return
  if (result.duplicate) counts.repeated += 1
  else {
    counts.appends += 1
    counts.appendedBytes += change.body.length
  }
}
