/**
 * The address that counts as one client: an IPv4 address, or the first 64 bits of an IPv6 address, since a host has
 * that many addresses for itself. An address that cannot be read (a socket that is gone) counts as one client with all
 * others of its kind.
 */
export function clientOf(address: string | undefined): string {
  if (address === undefined) return ''
  const whole = unmapped(address)
  if (!whole.includes(':')) return whole
  const [head, tail] = whole.split('%', 1)[0]!.split(/:{2}/) as [string, string | undefined]
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = new Array<string>(Math.max(0, 8 - first.length - last.length)).fill('0')
  return [...first, ...zeros, ...last].slice(0, 4).join(':')
}

/**
 * The address itself, in the one form in which it is compared: IPv4 as such also where it comes mapped into IPv6, IPv6
 * as RFC 5952 writes it and without the name of an interface. Text that is no address stays as it is.
 */
export function hostOf(address: string | undefined): string {
  const whole = unmapped(address ?? '')
  if (!whole.includes(':')) return whole
  const url = URL.parse(`http://[${whole.split('%', 1)[0]}]/`)
  return url === null ? whole : url.hostname.slice(1, -1)
}

function unmapped(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
}
