/**
 * How long does a partition of 1 GB take to open: after a clean close, and after the process was killed (the journal is
 * then replayed)? Run: npx node test/bench/log/reopen.ts [megabytes] [folder]
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { benchFolder, MIB, openBench, runLog } from './workload.ts'

const megabytes = Number(process.argv[2] ?? 1024)
const child = process.argv[3]

if (child !== undefined) await fill(child)
else {
  const { folder, dispose } = await benchFolder()
  const filler = fork(new URL(import.meta.url).pathname, [String(megabytes), folder])
  await once(filler, 'message')
  filler.kill('SIGKILL')
  await once(filler, 'exit')
  const killed = await timedOpen(folder)
  const clean = await timedOpen(folder)
  console.table({ 'after kill -9': killed, 'after a clean close': clean })
  await dispose()
}

/** Writes until the partition has its size, reports that, and writes on until it is killed. */
async function fill(folder: string): Promise<void> {
  const storage = await openBench(folder, {})
  const workload = { groups: 1, bytesPerGroup: 64 * 1024, batchBytes: 16 * 1024, seconds: 0.2 }
  while ((storage.group(1)?.sizeBytes ?? 0) < megabytes * MIB) await runLog(storage, workload)
  process.send!('full')
  for (;;) await runLog(storage, workload)
}

async function timedOpen(folder: string) {
  const start = performance.now()
  const storage = await openBench(folder, {})
  const ms = performance.now() - start
  const log = storage.group(1)!
  const first = await log.readRecords(0, log.endOffset, 1)
  const result = {
    ms: Math.round(ms),
    MB: Math.round(log.sizeBytes / 1e6),
    'replayed entries': storage.metrics.replayedEntries,
    'first offset read after ms': Math.round(performance.now() - start),
    damage: String(log.damage?.reason ?? 'none'),
    'bytes of the first batch': first.bytes,
  }
  await storage.close()
  return result
}
