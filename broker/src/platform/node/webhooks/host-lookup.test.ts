import { createSocket, type Socket } from 'node:dgram'
import { lookup, Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { hostLookup } from './host-lookup.ts'

const open: Socket[] = []
afterEach(() => {
  for (const socket of open.splice(0)) socket.close()
})

/** A name server that says these IPv4 addresses of every name, or nothing. */
async function nameServer(addresses: readonly string[] | null): Promise<Resolver> {
  const socket = createSocket('udp4')
  open.push(socket)
  socket.on('message', (query, { port }) => {
    if (addresses !== null) socket.send(answerTo(query, addresses), port, '127.0.0.1')
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const resolver = new Resolver()
  resolver.setServers([`127.0.0.1:${socket.address().port}`])
  return resolver
}

/** RFC 1035, 4.1. */
function answerTo(query: Buffer, addresses: readonly string[]): Buffer {
  const end = query.indexOf(0, 12) + 5
  const records = query.readUInt16BE(end - 4) === 1 ? addresses : []
  const head = Buffer.from(query.subarray(0, 12))
  head.writeUInt16BE(0x8180, 2)
  head.writeUInt16BE(records.length, 6)
  head.writeUInt32BE(0, 8)
  const answers = records.map((address) =>
    Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]),
  )
  return Buffer.concat([head, query.subarray(12, end), ...answers])
}

function look(find: ReturnType<typeof hostLookup>, host: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    find(host, { all: true }, (error, addresses) => {
      if (error !== null) reject(error)
      else resolve((addresses as { address: string }[]).map(({ address }) => address))
    })
  })
}
const isLocal = (host: string): boolean => host === 'localhost'

describe('the addresses of a host', () => {
  it('are those that are public', async () => {
    const find = hostLookup(isLocal, await nameServer(['10.0.0.1', '8.8.8.8', '127.0.0.1']))
    expect(await look(find, 'hooks.example')).toEqual(['8.8.8.8'])
  })

  it('are none where all are of local networks, and for no name but this machine of it', async () => {
    const find = hostLookup(isLocal, await nameServer(['169.254.169.254', '127.0.0.1']))
    await expect(look(find, 'hooks.example')).rejects.toThrow('stands for no address that may be called')
    for (const address of await look(find, 'localhost')) expect(['127.0.0.1', '::1']).toContain(address)
  })

  it('hold up no other lookup while a name server is silent', async () => {
    const servers = await nameServer(null)
    const find = hostLookup(isLocal, servers)
    const silent = Array.from({ length: 200 }, (_, at) => look(find, `h${at}.example`).catch(({ code }) => code))
    const begun = performance.now()
    await lookup('localhost')
    expect(performance.now() - begun).toBeLessThan(1_000)
    servers.cancel()
    expect(new Set(await Promise.all(silent))).toEqual(new Set(['ECANCELLED']))
  })
})
