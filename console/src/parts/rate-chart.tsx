import { count, rate } from '../format.ts'
import { HISTORY_MS, type Point, runsOf, topOf } from '../live/history.ts'

const WIDTH = 600
const HEIGHT = 120

/** Records a second over the last five minutes. */
export function RateChart({ points, now }: { readonly points: readonly Point[]; readonly now: number }) {
  const most = Math.max(0, ...points.map(({ value }) => value))
  const top = topOf(most)
  const x = (at: number): number => WIDTH - ((now - at) * WIDTH) / HISTORY_MS
  const y = (value: number): number => HEIGHT - (value * HEIGHT) / top
  const last = points.at(-1)?.value ?? null
  const label = `Records a second over the last five minutes: now ${rate(last)}, at most ${rate(most)}`
  return (
    <figure class="chart">
      <span>{count(top)} records/s</span>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
        <title>{label}</title>
        <line class="grid" x1="0" x2={WIDTH} y1={HEIGHT / 2} y2={HEIGHT / 2} />
        {runsOf(points).map((run) => {
          const line = run.map(({ at, value }) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
          const [from, to] = [x(run[0]!.at).toFixed(1), x(run.at(-1)!.at).toFixed(1)]
          return (
            <g key={run[0]!.at}>
              <polygon class="area" points={`${from},${HEIGHT} ${line} ${to},${HEIGHT}`} />
              <polyline class="line" points={line} />
            </g>
          )
        })}
      </svg>
      <figcaption>
        <span>5 min ago</span>
        <span>now: {rate(last)}/s</span>
      </figcaption>
    </figure>
  )
}
