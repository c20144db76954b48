/**
 * A bare server of ws that sends what it is told to all that are connected. Started with IPC, and its port as the
 * argument; answers when it listens, and each message when it has been sent to all.
 */
import { WebSocketServer } from 'ws'

const port = Number(process.argv[2])
const server = new WebSocketServer({ host: '127.0.0.1', port, path: '/stream', perMessageDeflate: false })
server.on('listening', () => process.send!('listening'))

process.on('message', (text: string) => {
  for (const client of server.clients) client.send(text)
  process.send!('sent')
})
process.on('disconnect', () => process.exit(0))
