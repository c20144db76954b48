import { useState } from 'preact/hooks'
import type { CascadeBroker } from '../../api/answers.ts'
import { request } from '../../api/http.ts'
import { Confirm } from '../../parts/confirm.tsx'

interface ChooseSourceProps {
  readonly broker: CascadeBroker
  /** Chosen when the dialog opens; 0: the cluster chooses. */
  readonly first: number
  readonly sources: readonly number[]
  readonly onClose: () => void
}

export function ChooseSource({ broker, first, sources, onClose }: ChooseSourceProps) {
  const [source, setSource] = useState(first)
  const choose = (): Promise<void> => request('PUT', `/cascade/brokers/${broker.broker}/source`, { source })
  return (
    <Confirm title={`Source of broker ${broker.broker}`} action="Choose" onDone={choose} onClose={onClose}>
      <label>
        Source
        <select value={source} onChange={({ currentTarget }) => setSource(Number(currentTarget.value))}>
          <option value={0}>the cluster chooses</option>
          {sources.map((id) => (
            <option key={id} value={id}>
              broker {id}
            </option>
          ))}
        </select>
      </label>
    </Confirm>
  )
}
