/** The unit in which a file system brings a file's bytes to the disk. */
const PAGE_BYTES = 4096

/**
 * Whether some page of a file has nothing but zeros where these bytes stand, from `position` on. A page that a loss of
 * power has kept from the disk shows zeros there: so bytes without a blank page tell that they are all there.
 */
export function hasBlankPage(pieces: readonly Uint8Array[], position: number): boolean {
  let at = position
  let blank = false
  for (const piece of pieces) {
    for (let from = 0; from < piece.length; ) {
      if (at % PAGE_BYTES === 0 || at === position) {
        if (blank) return true
        blank = true
      }
      const count = Math.min(piece.length - from, PAGE_BYTES - (at % PAGE_BYTES))
      blank &&= isBlank(piece, from, from + count)
      from += count
      at += count
    }
  }
  return blank
}

function isBlank(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] !== 0) return false
  return true
}
