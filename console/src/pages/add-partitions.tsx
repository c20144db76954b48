import { useState } from 'preact/hooks'
import { request, topicPath } from '../api/http.ts'
import { Confirm } from '../parts/confirm.tsx'

interface AddPartitionsProps {
  readonly name: string
  readonly topicId: string
  readonly present: number
  readonly onClose: () => void
}

/** A dialog for more partitions of a topic. */
export function AddPartitions({ name, topicId, present, onClose }: AddPartitionsProps) {
  const [partitions, setPartitions] = useState(present + 1)
  const add = async (): Promise<void> => {
    await request('PATCH', `${topicPath(name)}?topicId=${encodeURIComponent(topicId)}`, { partitions })
  }
  return (
    <Confirm title={`Add partitions to ${name}`} action="Add" onDone={add} onClose={onClose}>
      <label>
        Partitions
        <input
          type="number"
          min={present + 1}
          value={partitions}
          onInput={({ currentTarget }) => setPartitions(currentTarget.valueAsNumber)}
          required
        />
      </label>
      <p>
        It has {present}. They cannot become fewer again. New records of a key may go to another partition than those
        before them.
      </p>
    </Confirm>
  )
}
