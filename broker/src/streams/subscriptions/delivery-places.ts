/** Deliveries of one broker that are under way at a time, and those to one host: it may be one that answers nothing. */
const MOST_AT_WORK = 64
const MOST_OF_A_HOST = 16
const MOST_WAITING = 10_000

interface Host {
  atWork: number
  readonly waiting: Set<() => void>
}

/** Places for deliveries; the hosts that wait for one take turns. */
export class DeliveryPlaces {
  /** Hosts that something is sent to, or is to be; in the order of their turns. */
  readonly #hosts = new Map<string, Host>()
  #atWork = 0
  #waiting = 0

  /**
   * Resolves when there is a place, which `release` gives back.
   * @throws Error too many wait; or the reason of `signal`
   */
  async take(name: string, signal: AbortSignal): Promise<void> {
    const host = this.#hosts.get(name) ?? { atWork: 0, waiting: new Set() }
    if (this.#waiting >= MOST_WAITING) throw new Error('Too many deliveries wait.')
    this.#hosts.set(name, host)
    if (this.#atWork < MOST_AT_WORK && host.atWork < MOST_OF_A_HOST) this.#give(host)
    else await this.#wait(name, host, signal)
  }

  release(name: string): void {
    const host = this.#hosts.get(name)!
    host.atWork -= 1
    this.#atWork -= 1
    this.#forgetIdle(name, host)
    for (const [other, { atWork, waiting }] of this.#hosts) {
      const [next] = waiting
      if (next === undefined || atWork >= MOST_OF_A_HOST) continue
      const turn = this.#hosts.get(other)!
      this.#hosts.delete(other)
      this.#hosts.set(other, turn)
      next()
      return
    }
  }

  #give(host: Host): void {
    host.atWork += 1
    this.#atWork += 1
  }

  #wait(name: string, host: Host, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        host.waiting.delete(begin)
        this.#waiting -= 1
        signal.removeEventListener('abort', end)
      }
      const begin = (): void => {
        leave()
        this.#give(host)
        resolve()
      }
      const end = (): void => {
        leave()
        this.#forgetIdle(name, host)
        reject(signal.reason)
      }
      host.waiting.add(begin)
      this.#waiting += 1
      signal.addEventListener('abort', end)
    })
  }

  #forgetIdle(name: string, { atWork, waiting }: Host): void {
    if (atWork === 0 && waiting.size === 0) this.#hosts.delete(name)
  }
}
