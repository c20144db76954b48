/** Tags of the dynamic section (System V ABI, "Dynamic Section"). */
const DT_NULL = 0n
const DT_NEEDED = 1n
const DT_STRTAB = 5n
const DT_VERNEED = 0x6ffffffen
const DT_VERNEEDNUM = 0x6fffffffn
const PT_LOAD = 1
const PT_DYNAMIC = 2
const PROGRAM_HEADER_BYTES = 56
const ENTRY_BYTES = 16

interface Segment {
  readonly type: number
  readonly offset: number
  readonly address: bigint
  readonly bytes: number
}

/** The libraries that a shared library of Linux (ELF, 64 bits, little-endian) is loaded with, in their order. */
export function neededLibraries(library: Buffer): string[] {
  const view = new SharedLibrary(library)
  return view.needed().map(({ name }) => name)
}

/**
 * A shared library of Linux (ELF, 64 bits, little-endian) that is loaded without another one, which it names but takes
 * no symbol from: linkers name each library that they are given, used or not. Its code and its size stay.
 * @throws Error if it names no such library, or takes versioned symbols from it, as glibc and GCC have them
 */
export function withoutNeeded(library: Buffer, unused: string): Buffer {
  const view = new SharedLibrary(library)
  const entry = view.needed().find(({ name }) => name === unused)
  if (entry === undefined) throw new Error(`The library does not name ${unused}.`)
  if (view.versionedFiles().includes(unused)) throw new Error(`The library uses symbols of ${unused}.`)
  const { offset, bytes } = view.dynamic
  const end = offset + bytes
  const changed = Buffer.from(library)
  // The section ends with an entry of zeros, so what follows the entry moves up, and zeros come in at the end.
  library.copy(changed, entry.at, entry.at + ENTRY_BYTES, end)
  changed.fill(0, end - ENTRY_BYTES, end)
  return changed
}

class SharedLibrary {
  readonly #bytes: Buffer
  readonly #segments: readonly Segment[]
  readonly dynamic: Segment

  constructor(bytes: Buffer) {
    if (bytes.subarray(0, 6).toString('latin1') !== '\x7fELF\x02\x01')
      throw new Error('This is no ELF file of 64 bits, little-endian.')
    this.#bytes = bytes
    const table = Number(bytes.readBigUInt64LE(32))
    this.#segments = Array.from({ length: bytes.readUInt16LE(56) }, (_, index) => {
      const at = table + index * PROGRAM_HEADER_BYTES
      return {
        type: bytes.readUInt32LE(at),
        offset: Number(bytes.readBigUInt64LE(at + 8)),
        address: bytes.readBigUInt64LE(at + 16),
        bytes: Number(bytes.readBigUInt64LE(at + 32)),
      }
    })
    const dynamic = this.#segments.find(({ type }) => type === PT_DYNAMIC)
    if (dynamic === undefined) throw new Error('This is no shared library.')
    this.dynamic = dynamic
  }

  needed(): { readonly name: string; readonly at: number }[] {
    return this.#entries()
      .filter(({ tag }) => tag === DT_NEEDED)
      .map(({ value, at }) => ({ name: this.#text(value), at }))
  }

  /** The libraries of which it takes symbols of a certain version (Linux Standard Base, "Symbol Versioning"). */
  versionedFiles(): string[] {
    const files: string[] = []
    let at = this.#offsetOf(this.#valueOf(DT_VERNEED))
    for (let left = Number(this.#valueOf(DT_VERNEEDNUM)); left > 0; left -= 1) {
      files.push(this.#text(BigInt(this.#bytes.readUInt32LE(at + 4))))
      at += this.#bytes.readUInt32LE(at + 12)
    }
    return files
  }

  #entries(): { readonly tag: bigint; readonly value: bigint; readonly at: number }[] {
    const { offset, bytes } = this.dynamic
    const entries = []
    for (let at = offset; at < offset + bytes; at += ENTRY_BYTES) {
      const tag = this.#bytes.readBigUInt64LE(at)
      if (tag === DT_NULL) break
      entries.push({ tag, value: this.#bytes.readBigUInt64LE(at + 8), at })
    }
    return entries
  }

  #valueOf(wanted: bigint): bigint {
    const entry = this.#entries().find(({ tag }) => tag === wanted)
    if (entry === undefined) throw new Error(`The dynamic section has no entry 0x${wanted.toString(16)}.`)
    return entry.value
  }

  /** Where in the file what is loaded at an address stands. */
  #offsetOf(address: bigint): number {
    for (const { type, offset, address: start, bytes } of this.#segments)
      if (type === PT_LOAD && address >= start && address < start + BigInt(bytes))
        return offset + Number(address - start)
    throw new Error(`Nothing of the file is loaded at 0x${address.toString(16)}.`)
  }

  /** Text of the string table, up to its zero byte. */
  #text(index: bigint): string {
    const at = this.#offsetOf(this.#valueOf(DT_STRTAB)) + Number(index)
    return this.#bytes.toString('latin1', at, this.#bytes.indexOf(0, at))
  }
}
