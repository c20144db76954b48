import { useState } from 'preact/hooks'
import type { CascadeBroker } from '../../api/answers.ts'
import { useLive } from '../../live/live.ts'
import { useWatched } from '../../live/use-watched.ts'
import { Notice, Refusal } from '../../parts/notice.tsx'
import { CascadeDrawing } from './cascade-drawing.tsx'
import { sourcesFor } from './cascade-tree.ts'
import { ChooseSource } from './choose-source.tsx'

interface Move {
  readonly broker: CascadeBroker
  /** 0: the cluster chooses. */
  readonly source: number
}

/** The tree of brokers that copy from each other, with the lag of each edge. */
export function CascadePage() {
  const { state } = useLive()
  const { content, error } = useWatched<{ brokers: CascadeBroker[] }>({ of: 'cascade' })
  const [move, setMove] = useState<Move | null>(null)
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
      {brokers.length > 0 && (
        <>
          <p>Drag a broker to another source, or choose it with “Source…”.</p>
          <CascadeDrawing
            levelZero={levelZero}
            brokers={brokers}
            onMove={(broker, source = broker.pinned) => setMove({ broker, source })}
          />
        </>
      )}
      {move !== null && (
        <ChooseSource
          broker={move.broker}
          first={move.source}
          sources={sourcesFor(move.broker, levelZero, brokers)}
          onClose={() => setMove(null)}
        />
      )}
    </>
  )
}
