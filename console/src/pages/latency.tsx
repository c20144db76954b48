import { useEffect } from 'preact/hooks'
import type { Stages } from '../api/answers.ts'
import { useLive } from '../live/live.ts'
import type { StagePoints } from '../live/stage-history.ts'
import { useWatched } from '../live/use-watched.ts'
import { Notice, Refusal } from '../parts/notice.tsx'
import { OtherBrokers } from '../parts/other-brokers.tsx'
import { QuantileChart } from '../parts/quantile-chart.tsx'

/** What each stage ends with. */
const about: Readonly<Record<string, string>> = {
  'publish receive': 'it is checked',
  'publish append': 'it is in a round',
  'publish fsync': 'its disk has it',
  'publish replicate': 'followers have it',
  'publish commit': 'a majority has it',
  'publish answer': 'it is answered',
  'read confirm': 'it may answer',
  'read log': 'records are read',
  'read answer': 'they are sent',
}

/** How long the stages of publishes and reads take at this broker. */
export function Latency() {
  const { stages, now } = useLive()
  const { content, error } = useWatched<Stages>({ of: 'stages' })
  useEffect(() => {
    if (content !== null) stages.add(content, now)
  }, [content, stages])
  if (error?.code === 'UNSUPPORTED_MESSAGE') return null
  const of = (what: string) => stages.all.filter((stage) => stage.of === what)
  return (
    <>
      <h2>Latency</h2>
      <p class="status">
        Publishes to partitions that this broker leads, and reads from it, by their stages: half of them took no longer
        than p50 (the line), 99 of 100 no longer than p99 (dashed). One in 16 is measured; scales are logarithmic.
      </p>
      <OtherBrokers page="#/brokers" levelZero>
        Those of others, in their consoles:
      </OtherBrokers>
      <Refusal error={error} />
      {stages.isSilent(now) ? (
        error === null && <Notice>Nothing was published or read here since this page was opened.</Notice>
      ) : (
        <>
          <Charts title="Publish" stages={of('publish')} now={now} />
          <Charts title="Read" stages={of('read')} now={now} />
        </>
      )}
    </>
  )
}

interface ChartsProps {
  readonly title: string
  readonly stages: readonly StagePoints[]
  readonly now: number
}

function Charts({ title, stages, now }: ChartsProps) {
  return (
    <>
      <h3>{title}</h3>
      <div class="charts">
        {stages.map(({ of, stage, lines }) => (
          <QuantileChart key={stage} name={stage} about={about[`${of} ${stage}`] ?? ''} lines={lines} now={now} />
        ))}
      </div>
    </>
  )
}
