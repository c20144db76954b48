import type { ComponentChildren } from 'preact'
import { useLive } from '../live/live.ts'

interface OtherBrokersProps {
  /** The part of the address behind "#". */
  readonly page: string
  readonly children: ComponentChildren
}

/** Links to the same page of other brokers, for what each broker tells of itself alone. */
export function OtherBrokers({ page, children }: OtherBrokersProps) {
  const all = useLive().state?.cluster?.brokers ?? []
  const others = all.filter(({ alive, http }) => alive && http !== '' && http !== location.host)
  if (others.length === 0) return null
  return (
    <p class="status">
      {children}{' '}
      {others.map(({ id, http }, at) => (
        <span key={id}>
          {at > 0 && ', '}
          <a href={`${location.protocol}//${http}/console/${page}`}>broker {id}</a>
        </span>
      ))}
    </p>
  )
}
