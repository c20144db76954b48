import type { ConsumerGroupState } from '../api/consumer-group-answers.ts'

const classes = { empty: '', stable: 'good', rebalancing: 'warning' } as const

export function GroupState({ state }: { readonly state: ConsumerGroupState }) {
  return <span class={classes[state]}>{state}</span>
}

/** Records that handlers hold for too long. */
export function StuckCount({ stuck }: { readonly stuck: number }) {
  return <span class={stuck > 0 ? 'bad' : ''}>{stuck}</span>
}
