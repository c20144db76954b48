import { micros } from '../format.ts'
import { HISTORY_MS, type Point, runsOf } from '../live/history.ts'
import { decadesOf } from '../live/stage-history.ts'

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
  const [low, high] = decadesOf(lines)
  const x = (at: number): number => WIDTH - ((now - at) * WIDTH) / HISTORY_MS
  const y = (power: number): number => HEIGHT - ((power - low) * HEIGHT) / (high - low)
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
        {Array.from({ length: high - low - 1 }, (_, at) => y(low + 1 + at)).map((level) => (
          <line key={level} class="grid" x1="0" x2={WIDTH} y1={level} y2={level} />
        ))}
        {lines.map((points, index) =>
          runsOf(points).map((run) => (
            <polyline
              key={`${index} ${run[0]!.at}`}
              class={index === 0 ? 'line' : 'line rare'}
              points={run
                .map(({ at, value }) => `${x(at).toFixed(1)},${y(Math.log10(Math.max(1, value))).toFixed(1)}`)
                .join(' ')}
            />
          )),
        )}
      </svg>
      <figcaption>
        <span>{about}</span>
        <span>
          {micros(10 ** low)} – {micros(10 ** high)}
        </span>
      </figcaption>
    </figure>
  )
}
