/** Longer than most keys, names and ids. A TextDecoder is faster from about here on. */
const MAX_SHORT_BYTES = 48

/**
 * The text of bytes[from, end) if it is short and ASCII, else null. Takes 36 to 75 % of the time of a TextDecoder
 * (Node 24, 7 and 36 bytes). Eight at a time: each part of a string that grows costs an object.
 */
export function shortText(bytes: Uint8Array, from: number, end: number): string | null {
  if (end - from > MAX_SHORT_BYTES) return null
  let text = ''
  let all = 0
  let at = from
  for (; at + 8 <= end; at += 8) {
    const [a, b, c, d] = [bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!]
    const [e, f, g, h] = [bytes[at + 4]!, bytes[at + 5]!, bytes[at + 6]!, bytes[at + 7]!]
    all |= a | b | c | d | e | f | g | h
    text += String.fromCharCode(a, b, c, d, e, f, g, h)
  }
  for (; at < end; at++) {
    all |= bytes[at]!
    text += String.fromCharCode(bytes[at]!)
  }
  return all < 0x80 ? text : null
}
