import { Pulse } from './pulse.ts'
import { type BeatParts, beatsOfThisThread, type Started } from './start-beats.ts'

/** Milliseconds since a moment in the past. */
export function now(): number {
  return performance.now()
}

/** In a browser: timers of the page. */
export function startBeats(parts: BeatParts): Started {
  return beatsOfThisThread(parts, now, new ArrayBuffer(Pulse.bytes))
}
