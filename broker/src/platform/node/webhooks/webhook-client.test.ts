import { generateKeyPairSync, verify } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { isPublicAddress } from './public-address.ts'
import { signingKeys } from './signing-keys.ts'
import { webhookClient } from './webhook-client.ts'

const open: Server[] = []
afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function receiver(answer: RequestListener): Promise<number> {
  const server = createServer(answer)
  open.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const never = new AbortController().signal
const isHere = (host: string): boolean => host === 'localhost' || host === '127.0.0.1'
const client = webhookClient(isHere)

describe('a webhook', () => {
  it('is one POST, with its headers, whose answer is given', async () => {
    const heard: unknown[] = []
    const port = await receiver(async (request, response) => {
      let text = ''
      for await (const piece of request) text += piece
      heard.push([request.method, request.url, request.headers['webhook-signature'], text])
      response.end('{"done":true}')
    })
    for (const host of ['127.0.0.1', 'localhost']) {
      const address = new URL(`http://${host}:${port}/hook?a=1`)
      const answer = await client.post(address, { 'webhook-signature': 's' }, '{"ä":1}', never)
      expect(answer).toEqual({ status: 200, text: '{"done":true}' })
    }
    expect(heard).toEqual(Array(2).fill(['POST', '/hook?a=1', 's', '{"ä":1}']))
  })

  it('follows no redirection', async () => {
    let calls = 0
    const port = await receiver((_request, response) => {
      calls += 1
      response.writeHead(307, { location: `http://127.0.0.1:${port}/other` }).end()
    })
    expect((await client.post(new URL(`http://127.0.0.1:${port}/`), {}, '', never)).status).toBe(307)
    expect(calls).toBe(1)
  })

  it('reads the beginning of an endless answer', async () => {
    const port = await receiver((_request, response) => {
      const timer = setInterval(() => response.write('x'.repeat(10_000)), 1)
      response.on('close', () => clearInterval(timer))
    })
    const { text } = await client.post(new URL(`http://127.0.0.1:${port}/`), {}, '', never)
    expect(text.length).toBeLessThanOrEqual(64 * 1024)
  })

  it('fails with a short text when the answer is none', async () => {
    const server = createServer(() => {})
    open.push(server)
    server.on('connection', (socket) => socket.once('data', () => socket.end('x'.repeat(60_000))))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    const error = await client.post(address, {}, '', never).catch((error: Error) => error)
    // What a receiver has sent is in no log.
    expect([Object.keys(error), JSON.stringify(error).length]).toEqual([[], 2])
    expect((error as Error).message).toMatch(/^Parse Error: .{1,200}$/)
  })

  it('says why there is no connection, to any of the addresses of a host', async () => {
    const server = createServer(() => {})
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    for (const host of ['localhost', '127.0.0.1']) {
      await expect(client.post(new URL(`http://${host}:${port}/`), {}, '', never)).rejects.toThrow('ECONNREFUSED')
    }
  })

  it('ends when it is called off', async () => {
    const port = await receiver(() => {})
    const over = new AbortController()
    const sent = client.post(new URL(`http://127.0.0.1:${port}/`), {}, '', over.signal)
    over.abort()
    await expect(sent).rejects.toThrow('aborted')
  })

  it('is answered also by an answer that goes over to another protocol', async () => {
    const server = createServer(() => {})
    open.push(server)
    server.on('connection', (socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 101 \r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n'))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    expect(await client.post(address, {}, '', never)).toEqual({ status: 101, text: '' })
  })

  it('goes to no name that stands for an address of a local network', async () => {
    let calls = 0
    const port = await receiver((_request, response) => {
      calls += 1
      response.end()
    })
    const strict = webhookClient(() => false, { resolve4: async () => ['127.0.0.1'], resolve6: async () => ['::1'] })
    const sent = strict.post(new URL(`http://hooks.example:${port}/`), {}, '', never)
    await expect(sent).rejects.toThrow('stands for no address that may be called')
    expect(calls).toBe(0)
  })
})

describe('addresses', () => {
  it.each(['8.8.8.8', '172.15.0.1', '172.32.0.1', '192.167.1.1', '2a00:1450:4001::1'])('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true)
  })
  it.each([
    '0.1.2.3',
    '10.0.0.1',
    '100.64.0.1',
    '127.9.9.9',
    '168.63.129.16',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '198.19.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:10.0.0.1',
    '64:ff9b::a00:1',
    'fc00::1',
    'fe80::1',
    'ff02::1',
    '2002:a00:1::',
    '2001:db8::1',
  ])('%s is not', (address) => {
    expect(isPublicAddress(address)).toBe(false)
  })
  it('names are neither', () => expect(isPublicAddress('example.org')).toBe(null))
})

describe('keys of webhooks', () => {
  const pem = (type: 'ed25519' | 'x25519'): string => {
    const { privateKey } = type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519')
    return privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
  }

  it('have ids of their own, the same at each start, and sign', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const text = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
    const [first, second] = signingKeys(text + pem('ed25519'))
    expect(signingKeys(text)[0]!.kid).toBe(first!.kid)
    expect(first!.kid).toMatch(/^ds_[\w-]{43}$/)
    expect(second!.kid).not.toBe(first!.kid)
    const bytes = new TextEncoder().encode('a')
    expect(verify(null, bytes, publicKey, first!.sign(bytes))).toBe(true)
  })

  it.each([
    ['nothing', ''],
    ['a key of another kind', pem('x25519')],
  ])('are not made of %s', (_what, text) => {
    expect(() => signingKeys(text)).toThrow()
  })
})
