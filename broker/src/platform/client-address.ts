/**
 * The address that counts as one client: an IPv4 address, or the first 64 bits of an IPv6 address, since a host has
 * that many addresses for itself. An address that cannot be read (a socket that is gone) counts as one client with all
 * others of its kind.
 */
export function clientOf(address: string | undefined): string {
  if (address === undefined) return ''
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped !== null) return mapped[1]!
  if (!address.includes(':')) return address
  const [head, tail] = address.split('%', 1)[0]!.split(/:{2}/) as [string, string | undefined]
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = new Array<string>(Math.max(0, 8 - first.length - last.length)).fill('0')
  return [...first, ...zeros, ...last].slice(0, 4).join(':')
}
