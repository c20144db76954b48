/**
 * A server of Socket.IO with recovery of connections, as in its documentation. Started with IPC, and its port as the
 * argument; answers when it listens, and each message when it has been emitted to all.
 */
import { createServer } from 'node:http'
import { createRequire } from 'node:module'

interface SocketIo {
  readonly Server: new (
    http: ReturnType<typeof createServer>,
    options: object,
  ) => { emit(event: string, value: string): void }
}

// By `require`, so that a checkout whose packages were installed earlier passes the type check.
const { Server } = createRequire(import.meta.url)('socket.io') as SocketIo

const http = createServer()
const server = new Server(http, {
  transports: ['websocket'],
  serveClient: false,
  connectionStateRecovery: { maxDisconnectionDuration: 120_000, skipMiddlewares: true },
})
http.listen(Number(process.argv[2]), '127.0.0.1', () => process.send!('listening'))

process.on('message', (text: string) => {
  server.emit('record', text)
  process.send!('sent')
})
process.on('disconnect', () => process.exit(0))
