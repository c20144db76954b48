import type { TestCluster } from './test-cluster.ts'

/** Runs the clock until the work is done, 60 seconds at most. */
export async function during<T>(cluster: TestCluster, work: Promise<T>): Promise<T> {
  let done = false
  const finished = work.finally(() => (done = true))
  finished.catch(() => {})
  for (let step = 0; step < 600 && !done; step++) await cluster.clock.advance(100)
  return finished
}

/** Runs the clock until it is so. */
export async function until(cluster: TestCluster, condition: () => boolean, what = 'it'): Promise<void> {
  for (let step = 0; !condition(); step++) {
    if (step > 6000) throw new Error(`${what} has not come true within a minute`)
    await cluster.clock.advance(10)
  }
}
