import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'
import { isPublicAddress } from './public-address.ts'

/** What answers with the addresses of a host, or rejects where there are none. */
export interface NameServers {
  resolve4(host: string): Promise<string[]>
  resolve6(host: string): Promise<string[]>
}

/**
 * Looks hosts up for connections to them, and gives public addresses alone. Names of this machine (`isLocal`) stand for
 * what it says. Others are asked of name servers without a thread: a lookup of the system holds one of the few that all
 * lookups of a broker share, for as long as a name server is silent.
 */
export function hostLookup(isLocal: (host: string) => boolean, servers: NameServers): LookupFunction {
  return (host, options, found) => {
    const looked = isLocal(host) ? lookup(host, { all: true }) : publicAddresses(servers, host)
    looked.then(
      (addresses) => {
        const [first] = addresses
        if (first === undefined) found(new Error(`${host} stands for no address that may be called.`), '', 0)
        else if (options.all) found(null, addresses)
        else found(null, first.address, first.family)
      },
      (error) => found(error, '', 0),
    )
  }
}

async function publicAddresses(servers: NameServers, host: string): Promise<LookupAddress[]> {
  const [four, six] = await Promise.allSettled([servers.resolve4(host), servers.resolve6(host)])
  if (four.status === 'rejected' && six.status === 'rejected') throw four.reason
  const all = [
    ...(four.status === 'fulfilled' ? four.value.map((address) => ({ address, family: 4 })) : []),
    ...(six.status === 'fulfilled' ? six.value.map((address) => ({ address, family: 6 })) : []),
  ]
  return all.filter(({ address }) => isPublicAddress(address) === true)
}
