import { isUtf8 } from 'node:buffer'

/** Deeper lines are left to JSON.parse. The bits of a number say which of the open brackets are objects. */
const MAX_DEPTH = 30
/** Integers up to here have one form, the one in which a number becomes a key. */
const MAX_INTEGER_DIGITS = 15
const TAB = 0x09
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const QUOTE = 0x22
const PLUS = 0x2b
const COMMA = 0x2c
const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const OPEN_LIST = 0x5b
const BACKSLASH = 0x5c
const CLOSE_LIST = 0x5d
const LOWER_E = 0x65
const LOWER_N = 0x6e
const LOWER_U = 0x75
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const TO_LOWER = 0x20
const literals = ['true', 'false', 'null']
const plainEscapes: ReadonlySet<number | undefined> = new Set([...'"\\/bfnrt'].map((letter) => letter.charCodeAt(0)))

/**
 * Looks through a line of JSON without making strings and objects of it, in less than half of the time of JSON.parse.
 * What it takes JSON.parse takes too. What it does not take may still be JSON: only JSON.parse can say.
 */
export class JsonScan {
  readonly #bytes: Uint8Array
  readonly #name: string | null
  #at = 0
  /** All bytes of strings, or-ed. */
  #high = 0
  /** Of the last string. */
  #hasEscape = false
  /** The name before the next value is the one that is looked for. */
  #isNamed = false
  /** The field is bytes[from, to); -1: none has been found. */
  #from = -1
  #to = -1
  /** It has no escapes. */
  #isPlain = true

  /** `name`: a field of the object that the line is; null: none is looked for. */
  constructor(bytes: Uint8Array, name: string | null) {
    this.#bytes = bytes
    this.#name = name
  }

  /** Whether the line is JSON for certain, and its field, if there is one, no list or object. */
  isSound(): boolean {
    return this.#line() && (this.#high < 0x80 || isUtf8(this.#bytes))
  }

  /**
   * After isSound(): the field as bytes of a key: a text without its quotes, a number, true or false; null for null.
   * Undefined: the line does not have it, or not in a form that can be taken as it is.
   */
  get key(): Uint8Array | null | undefined {
    if (this.#to < 0) return undefined
    const first = this.#bytes[this.#from]!
    if (first === LOWER_N) return null
    if (first === QUOTE) return this.#isPlain ? this.#bytes.subarray(this.#from + 1, this.#to - 1) : undefined
    const raw = this.#bytes.subarray(this.#from, this.#to)
    if (first > NINE) return raw
    return raw.length <= MAX_INTEGER_DIGITS && raw.every(isDigit) ? raw : undefined
  }

  #line(): boolean {
    const bytes = this.#bytes
    let depth = 0
    let objects = 0
    for (;;) {
      this.#space()
      const first = bytes[this.#at]
      if (first === OPEN_OBJECT || first === OPEN_LIST) {
        if (this.#isNamed || depth === MAX_DEPTH) return false
        depth++
        objects = first === OPEN_OBJECT ? objects | (1 << depth) : objects & ~(1 << depth)
        this.#at++
        this.#space()
        const isEmpty = bytes[this.#at] === (first === OPEN_OBJECT ? CLOSE_OBJECT : CLOSE_LIST)
        if (!isEmpty) {
          if (first === OPEN_OBJECT && !this.#nameAndColon(depth)) return false
          continue
        }
        this.#at++
        depth--
      } else if (!this.#scalar(first)) return false
      // A value has ended, and perhaps brackets around it.
      for (;;) {
        this.#space()
        if (depth === 0) return this.#at === bytes.length
        const isObject = ((objects >> depth) & 1) === 1
        const next = bytes[this.#at++]
        if (next === COMMA) {
          this.#space()
          if (isObject && !this.#nameAndColon(depth)) return false
          break
        }
        if (next !== (isObject ? CLOSE_OBJECT : CLOSE_LIST)) return false
        depth--
      }
    }
  }

  #nameAndColon(depth: number): boolean {
    const from = this.#at + 1
    if (this.#bytes[this.#at] !== QUOTE || !this.#string()) return false
    if (depth === 1 && this.#name !== null) {
      if (this.#hasEscape) return false
      this.#isNamed = this.#isName(from, this.#at - 1, this.#name)
    }
    this.#space()
    return this.#bytes[this.#at++] === COLON
  }

  /** A name that is not ASCII is never found. */
  #isName(from: number, to: number, name: string): boolean {
    if (to - from !== name.length) return false
    for (let i = 0; i < name.length; i++) {
      const code = name.charCodeAt(i)
      if (code >= 0x80 || this.#bytes[from + i] !== code) return false
    }
    return true
  }

  #scalar(first: number | undefined): boolean {
    const from = this.#at
    // By the first byte alone: a number that breaks off, "2.", must not go on as something else.
    const isNumber = first === MINUS || isDigit(first)
    const isSound = first === QUOTE ? this.#string() : isNumber ? this.#number() : this.#literal()
    if (!this.#isNamed) return isSound
    // Of fields of one name the last one counts, as with JSON.parse.
    this.#from = from
    this.#to = this.#at
    this.#isPlain = !this.#hasEscape
    this.#isNamed = false
    return isSound
  }

  #string(): boolean {
    const bytes = this.#bytes
    let at = this.#at + 1
    let high = this.#high
    this.#hasEscape = false
    for (;;) {
      const byte = bytes[at++]!
      if (byte === QUOTE) break
      if (byte === BACKSLASH) {
        this.#hasEscape = true
        const letter = bytes[at++]
        if (letter === LOWER_U) for (let i = 0; i < 4; i++) if (!isHex(bytes[at++])) return false
        if (letter !== LOWER_U && !plainEscapes.has(letter)) return false
        continue
      }
      // Control characters, and undefined behind the end.
      if (!(byte >= SPACE)) return false
      high |= byte
    }
    this.#at = at
    this.#high = high
    return true
  }

  #number(): boolean {
    const bytes = this.#bytes
    if (bytes[this.#at] === MINUS) this.#at++
    if (bytes[this.#at] === ZERO) this.#at++
    else if (!this.#digits()) return false
    if (bytes[this.#at] === DOT) {
      this.#at++
      if (!this.#digits()) return false
    }
    if (((bytes[this.#at] ?? 0) | TO_LOWER) === LOWER_E) {
      this.#at++
      if (bytes[this.#at] === PLUS || bytes[this.#at] === MINUS) this.#at++
      if (!this.#digits()) return false
    }
    return true
  }

  #digits(): boolean {
    const from = this.#at
    while (isDigit(this.#bytes[this.#at])) this.#at++
    return this.#at > from
  }

  #literal(): boolean {
    const literal = literals.find((text) => text.charCodeAt(0) === this.#bytes[this.#at])
    if (literal === undefined) return false
    for (let i = 0; i < literal.length; i++) if (this.#bytes[this.#at++] !== literal.charCodeAt(i)) return false
    return true
  }

  #space(): void {
    const bytes = this.#bytes
    for (;;) {
      const byte = bytes[this.#at]
      if (byte !== SPACE && byte !== TAB && byte !== LF && byte !== CR) return
      this.#at++
    }
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE
}

function isHex(byte: number | undefined): boolean {
  if (isDigit(byte)) return true
  const letter = (byte ?? 0) | TO_LOWER
  return letter >= 0x61 && letter <= 0x66
}
