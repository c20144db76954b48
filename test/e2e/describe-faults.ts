import { afterEach, describe, expect, it } from 'vitest'
import { ClusterProcesses } from './cluster-processes.ts'
import { hurtLeaders, killAndRestart, pauseAndResume } from './faults.ts'
import { publishUnderFaults } from './publish-under-faults.ts'

const ROWS_PER_SECOND = 15_000

/** Tests that publish so many flights while leaders fail, `fewestFaults` times at least. */
export function describeFaults(rows: number, fewestFaults: number): void {
  describe(`${rows.toLocaleString('en')} flights from 3 producers while leaders fail every second`, () => {
    let cluster: ClusterProcesses
    afterEach(() => cluster.destroy())

    for (const [name, hurt] of [
      ['kill -9 and restart', killAndRestart],
      ['SIGSTOP and SIGCONT', pauseAndResume],
    ] as const) {
      it(`${name}: every record exactly once, in order per key, the same bytes on all brokers`, async () => {
        cluster = await ClusterProcesses.start()
        const outcome = await publishUnderFaults({
          cluster,
          rows,
          rowsPerSecond: ROWS_PER_SECOND,
          fewestFaults,
          startFaults: (topic) => hurtLeaders(cluster, topic, hurt),
        })
        console.log(
          `${name}: ${outcome.faults} faults, ${outcome.acknowledged} acknowledged in ${outcome.seconds.toFixed(1)} s`,
        )
        expect(outcome.problems).toEqual([])
        expect(outcome.acknowledged).toBe(rows)
        expect(outcome.faults).toBeGreaterThanOrEqual(fewestFaults)
        expect(outcome.digests[0]!.size).toBe(7)
        expect(outcome.digests[1]).toEqual(outcome.digests[0])
        expect(outcome.digests[2]).toEqual(outcome.digests[0])
      }, 180_000)
    }
  })
}
