import type { ClientSurroundings } from '@tailrace/client'
import { Pulse } from './pulse.ts'
import { type BeatParts, beatsOfThisThread, type Started } from './start-beats.ts'

/** Milliseconds since a moment in the past. */
export function clockOf({ monotonic }: ClientSurroundings): () => number {
  return monotonic
}

/** A page that stands still does not notice that the browser, another process, has ended its connections. */
export const leavesOnDisconnect = false

/** In a browser: timers of the page. */
export function startBeats(parts: BeatParts): Started {
  return beatsOfThisThread(parts, clockOf(parts.client.surroundings), new ArrayBuffer(Pulse.bytes))
}
