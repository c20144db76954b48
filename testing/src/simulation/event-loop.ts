import type { TimerHandle } from 'tailrace/embedded'
import { EventQueue } from './event-queue.ts'

/** Node's own, also while a run replaces it. */
const { setImmediate } = globalThis

/**
 * Virtual time for asynchronous code: runs due events, then lets every promise that has become ready be followed up
 * before the next event. Nothing in the simulated world waits for the machine's own time, disk or network, so one turn
 * of Node's event loop follows up all of them, and equal calls give equal histories.
 */
export class EventLoop {
  /** Events run so far. */
  events = 0
  /** Called after each event, when it has been followed up. */
  onEvent: () => void = () => {}
  readonly #queue = new EventQueue()
  #ran = false

  /** Microseconds since the start. */
  get now(): number {
    return this.#queue.now
  }

  /** Calls in `micros` microseconds, rounded up: never too early. */
  after(micros: number, call: () => void): TimerHandle {
    let wanted = true
    this.#queue.after(Math.max(0, Math.ceil(micros)), () => {
      if (!wanted) return
      this.#ran = true
      this.events++
      call()
    })
    return { cancel: () => void (wanted = false) }
  }

  /**
   * Runs events until `done` says so, asked after each; false when time `until` (microseconds) has passed, or no event
   * is left.
   */
  run(until: number, done: () => boolean): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const next = (): void => {
        try {
          const over = this.#turn(until, done)
          if (over === null) setImmediate(next)
          else resolve(over)
        } catch (error) {
          reject(error)
        }
      }
      setImmediate(next)
    })
  }

  /** Follows up the last event and runs the next one; returns the outcome when the run ends. */
  #turn(until: number, done: () => boolean): boolean | null {
    if (this.#ran) this.onEvent()
    this.#ran = false
    if (done()) return true
    // A cancelled event needs no following up.
    while (!this.#ran) if (this.#queue.now >= until || !this.#queue.step()) return false
    return null
  }
}
