import type { ComponentChildren } from 'preact'
import { useRef, useState } from 'preact/hooks'
import type { CascadeBroker } from '../../api/answers.ts'
import { count, duration, size } from '../../format.ts'
import { factsOf } from './cascade-facts.ts'
import { rootsOf, sourcesFor } from './cascade-tree.ts'

interface DrawingProps {
  readonly levelZero: readonly number[]
  readonly brokers: readonly CascadeBroker[]
  /** Somebody asks for another source; undefined: it is not said which. */
  readonly onMove: (broker: CascadeBroker, source?: number) => void
}

/** What each broker of the tree needs to know. */
interface Tree extends DrawingProps {
  /** Null: none is being dragged. A place is asked whether it takes it before the page has been drawn anew. */
  readonly dragged: { readonly current: CascadeBroker | null }
  readonly onDrag: (broker: CascadeBroker | null) => void
}

export function CascadeDrawing(props: DrawingProps) {
  const dragged = useRef<CascadeBroker | null>(null)
  const [, setDrawn] = useState<CascadeBroker | null>(null)
  const onDrag = (broker: CascadeBroker | null): void => {
    dragged.current = broker
    setDrawn(broker)
  }
  const tree: Tree = { ...props, dragged, onDrag }
  const { levelZero, brokers } = props
  const { unheard, loose } = rootsOf(levelZero, brokers)
  return (
    <ul class="tree">
      {levelZero.map((id) => (
        <li key={id}>
          <Place tree={tree} id={id}>
            broker {id}
          </Place>
          <Below tree={tree} source={id} brokers={brokers} />
        </li>
      ))}
      {unheard.map((id) => (
        <li key={id}>
          broker {id}
          {levelZero.length > 0 && <span class="warning"> has not been heard of</span>}
          <Below tree={tree} source={id} brokers={brokers} />
        </li>
      ))}
      {loose.map((broker) => (
        <li key={broker.broker}>
          <Edge tree={tree} broker={broker}>
            <span class="bad">
              {broker.source === 0 ? 'has no source' : `copies from broker ${broker.source}, which copies from it`}
            </span>
          </Edge>
          <Below tree={tree} source={broker.broker} brokers={brokers.filter((one) => one !== broker)} />
        </li>
      ))}
    </ul>
  )
}

interface BelowProps {
  readonly tree: Tree
  readonly source: number
  readonly brokers: readonly CascadeBroker[]
}

function Below({ tree, source, brokers }: BelowProps) {
  const own = brokers.filter((broker) => broker.source === source)
  if (own.length === 0) return null
  return (
    <ul>
      {own.map((broker) => (
        <li key={broker.broker}>
          <Edge tree={tree} broker={broker} />
          <Below tree={tree} source={broker.broker} brokers={brokers.filter((one) => one !== broker)} />
        </li>
      ))}
    </ul>
  )
}

interface EdgeProps {
  readonly tree: Tree
  readonly broker: CascadeBroker
  readonly children?: ComponentChildren
}

function Edge({ tree, broker, children }: EdgeProps) {
  const { lagRecords, lagBytes, lagMs, stopped, pinned, topics = [] } = broker
  const lag =
    lagRecords === 0
      ? 'has caught up with its source'
      : `${lagRecords === 1 ? '1 record' : `${count(lagRecords)} records`} (${size(lagBytes)}), ${duration(lagMs)} behind`
  return (
    <Place tree={tree} id={broker.broker} broker={broker}>
      <b>broker {broker.broker}</b> <span class={lagMs > 10_000 || stopped > 0 ? 'warning' : 'good'}>{lag}</span>
      {stopped > 0 && <span class="bad">, {count(stopped)} partitions are not copied any more</span>}
      {pinned !== 0 && <span>, source chosen by an operator</span>}
      {topics.length > 0 && <span>, copies {topics.join(', ')}</span>}
      {factsOf(broker).map((fact) => (
        <span key={fact}>, {fact}</span>
      ))}{' '}
      {children}{' '}
      <button type="button" class="quiet" onClick={() => tree.onMove(broker)}>
        Source…
      </button>
    </Place>
  )
}

interface PlaceProps {
  readonly tree: Tree
  readonly id: number
  /** It can be dragged. */
  readonly broker?: CascadeBroker
  readonly children: ComponentChildren
}

/** A broker onto which others can be dropped, to copy from it. The keyboard has the button of each for that. */
function Place({ tree, id, broker, children }: PlaceProps) {
  const { levelZero, brokers, dragged, onDrag, onMove } = tree
  const mayTake = (): boolean =>
    dragged.current !== null && sourcesFor(dragged.current, levelZero, brokers).includes(id)
  const drag = (event: DragEvent): void => {
    // Firefox drags nothing without data.
    event.dataTransfer?.setData('text/plain', String(id))
    onDrag(broker ?? null)
  }
  const drop = (event: DragEvent): void => {
    event.preventDefault()
    const moved = dragged.current
    onDrag(null)
    if (moved !== null) onMove(moved, id)
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button within does the same for the keyboard.
    <div
      class={mayTake() ? 'place takes' : 'place'}
      draggable={broker !== undefined}
      onDragStart={drag}
      onDragEnd={() => onDrag(null)}
      onDragOver={(event) => mayTake() && event.preventDefault()}
      onDrop={drop}
    >
      {children}
    </div>
  )
}
