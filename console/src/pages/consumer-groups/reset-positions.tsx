import { useRef, useState } from 'preact/hooks'
import type { MovedPosition, ResetAnswer } from '../../api/consumer-group-answers.ts'
import { request } from '../../api/http.ts'
import { count } from '../../format.ts'
import { consumerGroupPath, moveText } from '../../live/consumer-groups.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { DataTable } from '../../parts/data-table.tsx'
import { type ResetKind, resetKinds, resetTexts, resetTo, typedTopics } from './reset-target.ts'

interface Wish {
  readonly to: string
  readonly topics?: readonly string[]
}

interface Plan extends ResetAnswer {
  readonly wish: Wish
}

interface ResetProps {
  readonly group: string
  readonly onClose: () => void
}

/** Asks where the positions are to be, shows what would be done, and does it once the name of the group is typed. */
export function ResetPositions({ group, onClose }: ResetProps) {
  const [plan, setPlan] = useState<Plan | null>(null)
  const path = consumerGroupPath(group, '/reset')
  if (plan === null)
    return (
      <AskTarget
        group={group}
        onPlan={async (wish) => {
          setPlan({ wish, ...(await request<ResetAnswer>('POST', path, { ...wish, dryRun: true })) })
        }}
        onClose={onClose}
      />
    )
  return (
    <Confirm
      title={`Reset ${group}`}
      action="Reset"
      typed={group}
      onDone={() => request('POST', path, plan.wish)}
      onClose={onClose}
    >
      <p>
        Nothing has been done yet. Metadata at these positions is lost, and records that come or go meanwhile count.
        This cannot be undone.
      </p>
      <DataTable<MovedPosition>
        label="What would be done"
        rows={plan.positions}
        keyOf={({ topic, partition }) => `${topic}/${partition}`}
        columns={[
          { title: 'Partition', of: ({ topic, partition }) => `${topic}/${partition}` },
          { title: 'From', of: ({ from }) => (from < 0 ? '–' : count(from)), isNumber: true },
          { title: 'To', of: ({ offset }) => count(offset), isNumber: true },
          { title: 'Records', of: moveText },
        ]}
      />
    </Confirm>
  )
}

interface AskProps {
  readonly group: string
  readonly onPlan: (wish: Wish) => Promise<void>
  readonly onClose: () => void
}

function AskTarget({ group, onPlan, onClose }: AskProps) {
  const [kind, setKind] = useState<ResetKind>('earliest')
  const [typed, setTyped] = useState('')
  const [topics, setTopics] = useState('')
  // Confirm closes behind an act that is done, and this one goes on with the plan.
  const isPlanned = useRef(false)
  const { typed: field } = resetTexts[kind]
  const named = typedTopics(topics)
  const show = async (): Promise<void> => {
    await onPlan({ to: resetTo(kind, typed), ...(named !== null && { topics: named }) })
    isPlanned.current = true
  }
  return (
    <Confirm
      title={`Reset positions of ${group}`}
      action="Show what would be done"
      onDone={show}
      onClose={() => !isPlanned.current && onClose()}
    >
      <label>
        To
        <select value={kind} onChange={({ currentTarget }) => setKind(currentTarget.value as ResetKind)}>
          {resetKinds.map((one) => (
            <option key={one} value={one}>
              {resetTexts[one].title}
            </option>
          ))}
        </select>
      </label>
      {field !== null && (
        <label>
          {field}
          <input value={typed} onInput={({ currentTarget }) => setTyped(currentTarget.value)} required />
        </label>
      )}
      <label>
        Topics, with commas between them; empty: all that it has positions of
        <input value={topics} onInput={({ currentTarget }) => setTopics(currentTarget.value)} />
      </label>
    </Confirm>
  )
}
