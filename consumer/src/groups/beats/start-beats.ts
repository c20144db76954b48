import type { Client, ClientOptions } from '@tailrace/client'
import type { BeatEvents, BeatSettings, Beats } from './beat-messages.ts'
import { Beater } from './beater.ts'
import { Pulse } from './pulse.ts'

export interface BeatParts {
  /** For beats that are sent from this thread. */
  readonly client: Client
  /** For a client of another thread. */
  readonly options: ClientOptions
  /** Where threads are to be had. */
  readonly useWorker: boolean
  readonly settings: BeatSettings
  readonly events: BeatEvents
}

/** What the two sides share, and the beats. */
export interface Started {
  readonly pulse: Pulse
  readonly beats: Beats
}

/** Beats by timers of this thread: they are late while it is busy. */
export function beatsOfThisThread(
  { client, settings, events }: BeatParts,
  now: () => number,
  memory: ArrayBufferLike,
): Started {
  const pulse = new Pulse(memory)
  const beater = new Beater({ client, pulse, now }, settings, events)
  const beats: Beats = {
    from: 'timers',
    release: (partition, token) => beater.release(partition, token),
    returned: (lease) => beater.returned(lease),
    hurry: () => beater.hurry(),
    rejoin: () => beater.rejoin(),
    leave: () => beater.leave(),
    close: () => beater.close(),
  }
  return { pulse, beats }
}
