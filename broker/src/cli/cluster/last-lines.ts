/** Keeps the last lines of a process's output, for the report of its end. Bounded in lines and in their length. */
export class LastLines {
  readonly #most: number
  readonly #lines: string[] = []
  #unfinished = ''

  constructor(most: number) {
    this.#most = most
  }

  add(text: string): void {
    const parts = (this.#unfinished + text).split('\n')
    this.#unfinished = parts.pop()!.slice(0, longestLine)
    for (const part of parts) {
      if (part.trim() === '') continue
      this.#lines.push(part.slice(0, longestLine).trimEnd())
      if (this.#lines.length > this.#most) this.#lines.shift()
    }
  }

  get(): string[] {
    return this.#unfinished === '' ? [...this.#lines] : [...this.#lines, this.#unfinished].slice(-this.#most)
  }
}

const longestLine = 2000
