/**
 * The floor: a bare server of ws that sends what it is told to all that are connected, one finished frame for each.
 * Started with IPC; answers with its port.
 */
import { WebSocketServer } from 'ws'

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, path: '/stream', perMessageDeflate: false })
server.on('listening', () => process.send!((server.address() as { port: number }).port))

process.on('message', (text: string) => {
  const frame = Buffer.from(text)
  for (const client of server.clients) client.send(frame, { binary: true })
})
process.on('disconnect', () => process.exit(0))
