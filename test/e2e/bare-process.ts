import { connect, createServer, type Socket } from 'node:net'

/** What an idle broker of three writes a second: beats to two others, and what it says of itself each second. */
const WRITES_PER_SECOND = 12
const FRAME_BYTES = 100

/**
 * Half of a pair of Node processes that do nothing but exchange as many frames as idle brokers do: the floor for what
 * these cost on this machine at this time. `node bare-process.ts` listens and prints its port; with a port it connects.
 */
function exchange(socket: Socket): void {
  const frame = Buffer.alloc(FRAME_BYTES)
  socket.setNoDelay(true)
  socket.on('data', () => undefined)
  socket.on('error', () => process.exit())
  socket.on('close', () => process.exit())
  setInterval(() => socket.write(frame), 1000 / WRITES_PER_SECOND)
}

const port = process.argv[2]
if (port === undefined) {
  const server = createServer(exchange).listen(0, '127.0.0.1', () => {
    console.log((server.address() as { port: number }).port)
  })
} else {
  exchange(connect(Number(port), '127.0.0.1'))
}
