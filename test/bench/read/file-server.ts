/** The floor of reading: the same files over a bare TCP socket, to each that connects. Started with IPC. */
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** Answers with its port. `folder`: of the groups of a broker's log. */
process.on('message', (folder: string) => {
  void serve(folder)
})
process.on('disconnect', () => process.exit(0))

async function serve(folder: string): Promise<void> {
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.log')).sort()
  const server = createServer(async (socket) => {
    for (const name of files) {
      await pipeline(createReadStream(join(folder, name), { highWaterMark: 256 * 1024 }), socket, { end: false })
    }
    socket.end()
  })
  server.listen(0, '127.0.0.1', () => process.send!((server.address() as { port: number }).port))
}
