import { micros } from '../format.ts'
import { HISTORY_MS, type Point, runsOf, topOf } from '../live/history.ts'

const WIDTH = 300
const HEIGHT = 60

interface QuantileChartProps {
  readonly name: string
  readonly about: string
  /** Of p50 and p99, in microseconds. */
  readonly lines: readonly (readonly Point[])[]
  readonly now: number
}

/** p50 and p99 of one stage over the last five minutes. */
export function QuantileChart({ name, about, lines, now }: QuantileChartProps) {
  const top = topOf(Math.max(0, ...lines.flat().map(({ value }) => value)))
  const x = (at: number): number => WIDTH - ((now - at) * WIDTH) / HISTORY_MS
  const y = (value: number): number => HEIGHT - (value * HEIGHT) / top
  const [p50, p99] = lines.map((points) => points.at(-1)?.value ?? null)
  const label = `${name} over the last five minutes: p50 ${micros(p50)}, p99 ${micros(p99)}`
  return (
    <figure class="chart small">
      <figcaption>
        <b>{name}</b>
        <span>
          p50 {micros(p50)} · p99 {micros(p99)}
        </span>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
        <title>{label}</title>
        <line class="grid" x1="0" x2={WIDTH} y1={HEIGHT / 2} y2={HEIGHT / 2} />
        {lines.map((points, index) =>
          runsOf(points).map((run) => (
            <polyline
              key={`${index} ${run[0]!.at}`}
              class={index === 0 ? 'line' : 'line rare'}
              points={run.map(({ at, value }) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' ')}
            />
          )),
        )}
      </svg>
      <figcaption>
        <span>{about}</span>
        <span>top: {micros(top)}</span>
      </figcaption>
    </figure>
  )
}
