/**
 * What any broker of Node costs that does nothing: a server that answers with what it gets, and a timer as frequent as
 * heartbeats. Tells its port.
 */
import { createServer } from 'node:net'

const HEARTBEAT_MS = 240

const server = createServer((socket) => socket.pipe(socket))
server.listen(0, '127.0.0.1', () => process.send!((server.address() as { port: number }).port))
setInterval(() => undefined, HEARTBEAT_MS)
process.on('disconnect', () => process.exit(0))
