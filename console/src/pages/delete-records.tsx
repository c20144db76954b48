import { useState } from 'preact/hooks'
import type { Group } from '../api/answers.ts'
import { request, topicPath } from '../api/http.ts'
import { count } from '../format.ts'
import { Confirm } from '../parts/confirm.tsx'

interface DeleteRecordsProps {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  readonly group: Group
  readonly onClose: () => void
}

/** A dialog that deletes the oldest records of a partition. */
export function DeleteRecords({ topic, topicId, partition, group, onClose }: DeleteRecordsProps) {
  const { logStart, highWatermark } = group
  const [before, setBefore] = useState(logStart)
  const path = topicPath(topic, `/partitions/${partition}/delete-records?topicId=${encodeURIComponent(topicId)}`)
  const remove = (): Promise<void> => request('POST', path, { before })
  const lost = Math.max(0, before - logStart)
  return (
    <Confirm
      title={`Delete records of ${topic}/${partition}`}
      action="Delete"
      typed={`${topic}/${partition}`}
      onDone={remove}
      onClose={onClose}
    >
      <label>
        Before offset
        <input
          type="number"
          min={logStart + 1}
          max={highWatermark}
          value={before}
          onInput={({ currentTarget }) => setBefore(currentTarget.valueAsNumber)}
          required
        />
      </label>
      <p>
        It has the offsets from {count(logStart)} to {count(highWatermark - 1)}. Deleted are {count(lost)} of them, on
        all replicas and cascade brokers. This cannot be undone.
      </p>
    </Confirm>
  )
}
