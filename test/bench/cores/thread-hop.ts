/** What a message to another thread and back costs: npx node test/bench/cores/thread-hop.ts */
import { isMainThread, parentPort, Worker } from 'node:worker_threads'

const MESSAGES = 50_000
const BYTES = 200

/** Keeps `depth` messages under way until all have come back. */
function exchange(worker: Worker, depth: number): Promise<void> {
  return new Promise((resolve) => {
    let back = 0
    let sent = 0
    const send = () => {
      sent++
      worker.postMessage(new Uint8Array(BYTES))
    }
    const onMessage = () => {
      back++
      if (back === MESSAGES) {
        worker.off('message', onMessage)
        resolve()
      } else if (sent < MESSAGES) send()
    }
    worker.on('message', onMessage)
    while (sent < depth) send()
  })
}

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url))
  for (const depth of [1, 16]) {
    const cpu = process.cpuUsage()
    const started = performance.now()
    await exchange(worker, depth)
    const { user, system } = process.cpuUsage(cpu)
    const microseconds = (performance.now() - started) * 1000
    const each = ((user + system) / MESSAGES / 2).toFixed(1)
    console.log(`${depth} under way: ${(microseconds / MESSAGES).toFixed(1)} µs each, ${each} µs of CPU a message`)
  }
  await worker.terminate()
} else parentPort!.on('message', (message) => parentPort!.postMessage(message))
