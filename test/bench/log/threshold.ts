/**
 * Where does writing large rounds once begin to pay (docs/decisions/large-rounds-are-written-once.md)? For rounds of
 * rising size: through the journal and then to the segment, and straight to the segment with a reference in the
 * journal; beside the floor, one write and one sync of the same bytes. Run: npx node test/bench/log/threshold.ts
 * [seconds]
 */
import { benchFolder, openBench, perSecond, runFloor, runLog, type Workload } from './workload.ts'

const seconds = Number(process.argv[2] ?? 2)
const KIB = 1024

for (const groups of [1, 4]) {
  const rows: Record<string, Record<string, number>> = {}
  for (const bytesPerGroup of [16, 64, 128, 256, 512, 1024, 4096].map((kib) => kib * KIB)) {
    const workload = { groups, bytesPerGroup, batchBytes: Math.min(bytesPerGroup, 64 * KIB), seconds }
    const { folder, dispose } = await benchFolder()
    const floor = perSecond(await runFloor(folder, workload))
    const journal = await run(`${folder}/journal`, Number.MAX_SAFE_INTEGER, workload)
    const direct = await run(`${folder}/direct`, 1, workload)
    await dispose()
    rows[`${groups} x ${bytesPerGroup / KIB} KiB`] = {
      'floor MB/s': Math.round(floor['MB/s']),
      'journal MB/s': Math.round(journal['MB/s']),
      'direct MB/s': Math.round(direct['MB/s']),
      'journal CPU ms/MB': Number(journal['CPU ms/MB'].toFixed(2)),
      'direct CPU ms/MB': Number(direct['CPU ms/MB'].toFixed(2)),
    }
  }
  console.table(rows)
}

async function run(folder: string, directBytes: number, workload: Workload) {
  const storage = await openBench(folder, { directBytes })
  const measured = await runLog(storage, workload)
  await storage.close()
  return perSecond(measured)
}
