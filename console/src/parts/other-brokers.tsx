import type { ComponentChildren } from 'preact'
import { useLive } from '../live/live.ts'

interface OtherBrokersProps {
  /** The part of the address behind "#". */
  readonly page: string
  /** Only those that hold replicas. */
  readonly levelZero?: boolean
  readonly children: ComponentChildren
}

/** Links to the same page of other brokers, for what each broker tells of itself alone. */
export function OtherBrokers({ page, levelZero = false, children }: OtherBrokersProps) {
  const all = useLive().state?.cluster?.brokers ?? []
  const others = all.filter(
    ({ alive, http, level }) => alive && http !== '' && http !== location.host && (level === 0 || !levelZero),
  )
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
