import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, it } from 'vitest'
import { HttpExchanges } from './http-exchange.ts'

it('fails by an answer that goes over to another protocol', async () => {
  const server = createServer((socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 101 \r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const { signal } = new AbortController()
  const asked = new HttpExchanges().send({ method: 'GET', url, signal, maxBytes: 100 })
  await expect(asked).rejects.toThrow('it has answered with the status 101')
  server.close()
})
