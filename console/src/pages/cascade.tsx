import { useState } from 'preact/hooks'
import { request } from '../api/http.ts'
import type { CascadeBroker } from '../api/shapes.ts'
import { count, duration } from '../format.ts'
import { useLive } from '../live/live.ts'
import { Confirm } from '../parts/confirm.tsx'
import { Notice, Refusal } from '../parts/notice.tsx'
import { useAnswer } from '../parts/use-answer.ts'
import { belowOf, rootsOf } from './cascade-tree.ts'

const EVERY_MS = 2000

/** The tree of brokers that copy from each other, with the lag of each edge. */
export function CascadePage() {
  const { state } = useLive()
  const { content, error, reload } = useAnswer<{ brokers: CascadeBroker[] }>('/cascade', EVERY_MS)
  const [moved, setMoved] = useState<CascadeBroker | null>(null)
  const levelZero = (state?.cluster?.brokers ?? []).filter(({ level }) => level === 0).map(({ id }) => id)
  const brokers = content?.brokers ?? []
  return (
    <>
      <h1>Cascade</h1>
      <Refusal error={error} />
      {content !== null && brokers.length === 0 && (
        <Notice>
          There are no cascade brokers. “tailrace cascade” starts one: docs/operations.md, “Cascade brokers”.
        </Notice>
      )}
      {brokers.length > 0 && <Tree levelZero={levelZero} brokers={brokers} onMove={setMoved} />}
      {moved !== null && (
        <ChooseSource
          broker={moved}
          sources={sourcesFor(moved, levelZero, brokers)}
          onClose={() => {
            setMoved(null)
            reload()
          }}
        />
      )}
    </>
  )
}

/** None that copies from the broker itself. */
function sourcesFor(moved: CascadeBroker, levelZero: readonly number[], brokers: readonly CascadeBroker[]): number[] {
  const refused = new Set([moved.broker, ...belowOf(moved.broker, brokers)])
  const all = new Set([...levelZero, ...brokers.map(({ broker }) => broker), moved.pinned])
  return [...all].filter((id) => id !== 0 && !refused.has(id))
}

interface TreeProps {
  readonly levelZero: readonly number[]
  readonly brokers: readonly CascadeBroker[]
  readonly onMove: (broker: CascadeBroker) => void
}

function Tree({ levelZero, brokers, onMove }: TreeProps) {
  const { unheard, loose } = rootsOf(levelZero, brokers)
  return (
    <ul class="tree">
      {levelZero.map((id) => (
        <li key={id}>
          broker {id}
          <Below source={id} brokers={brokers} onMove={onMove} />
        </li>
      ))}
      {unheard.map((id) => (
        <li key={id}>
          broker {id}
          {levelZero.length > 0 && <span class="warning"> has not been heard of</span>}
          <Below source={id} brokers={brokers} onMove={onMove} />
        </li>
      ))}
      {loose.map((broker) => (
        <li key={broker.broker}>
          <Edge broker={broker} onMove={onMove} />{' '}
          <span class="bad">
            {broker.source === 0 ? 'has no source' : `copies from broker ${broker.source}, which copies from it`}
          </span>
          <Below source={broker.broker} brokers={brokers.filter((one) => one !== broker)} onMove={onMove} />
        </li>
      ))}
    </ul>
  )
}

interface BelowProps {
  readonly source: number
  readonly brokers: readonly CascadeBroker[]
  readonly onMove: (broker: CascadeBroker) => void
}

function Below({ source, brokers, onMove }: BelowProps) {
  const own = brokers.filter((broker) => broker.source === source)
  if (own.length === 0) return null
  return (
    <ul>
      {own.map((broker) => (
        <li key={broker.broker}>
          <Edge broker={broker} onMove={onMove} />
          <Below source={broker.broker} brokers={brokers.filter((one) => one !== broker)} onMove={onMove} />
        </li>
      ))}
    </ul>
  )
}

function Edge({
  broker,
  onMove,
}: {
  readonly broker: CascadeBroker
  readonly onMove: (broker: CascadeBroker) => void
}) {
  const { lagRecords, lagMs, stopped, pinned } = broker
  const lag =
    lagRecords === 0 ? 'has caught up with its source' : `${count(lagRecords)} records, ${duration(lagMs)} behind`
  return (
    <>
      <b>broker {broker.broker}</b> <span class={lagMs > 10_000 || stopped > 0 ? 'warning' : 'good'}>{lag}</span>
      {stopped > 0 && <span class="bad">, {count(stopped)} partitions are not copied any more</span>}
      {pinned !== 0 && <span>, source chosen by an operator</span>}{' '}
      <button type="button" class="quiet" onClick={() => onMove(broker)}>
        Source…
      </button>
    </>
  )
}

function ChooseSource({
  broker,
  sources,
  onClose,
}: {
  readonly broker: CascadeBroker
  readonly sources: readonly number[]
  readonly onClose: () => void
}) {
  const [source, setSource] = useState(broker.pinned)
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
