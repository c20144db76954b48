import { BlockList, isIP } from 'node:net'

const local: readonly (readonly [net: string, bits: number, family: 'ipv4' | 'ipv6'])[] = [
  // This network, private ones (RFC 1918), those of carriers, loopback, what one cloud has for its own machines, and
  // link-local with the metadata of clouds.
  ['0.0.0.1', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['168.63.129.16', 32, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.0.2.0', 24, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['198.51.100.0', 24, 'ipv4'],
  ['203.0.113.0', 24, 'ipv4'],
  // Multicast and what is kept for later.
  ['224.0.0.0', 3, 'ipv4'],
]
const localNets = new BlockList()
for (const [net, bits, family] of local) localNets.addSubnet(net, bits, family)
/** Of IPv6 only what is given out for all to reach, without addresses that stand for one of IPv4 or are an example. */
const publicNets = new BlockList()
publicNets.addSubnet('2000::', 3, 'ipv6')
const exceptions = new BlockList()
for (const [net, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  exceptions.addSubnet(net, bits, 'ipv6')
}

/** Whether anybody on the internet could reach an address; null: it is the name of a host. */
export function isPublicAddress(host: string): boolean | null {
  const family = isIP(host)
  if (family === 4) return !localNets.check(host, 'ipv4')
  if (family === 6) return publicNets.check(host, 'ipv6') && !exceptions.check(host, 'ipv6')
  return null
}
