/** The part of its process that a command may use; tests give their own. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Whether a person watches standard error: the place of progress bars. */
  readonly watched: boolean
  /** Whether a person watches standard output, which may be drawn over. */
  readonly screen: boolean
  /** Columns of standard error. */
  readonly columns: number
  /** Columns of standard output; Infinity: no person watches it, so nothing is shortened. */
  readonly width: number
  /** Writes a line to standard output. */
  print(line: string): void
  /**
   * Writes text to standard output as it is; resolves when more may be written, so that a slow reader slows us down.
   */
  write(text: string | Uint8Array): Promise<void>
  /** Writes a line to standard error. */
  complain(line: string): void
  /** Writes to standard error without a line end: progress. */
  draw(text: string): void
  /** Bytes of standard input. */
  input(): AsyncIterable<Uint8Array>
  /** Asks a person for a line that is not shown. Missing: standard input is no terminal. */
  readonly hidden?: (question: string) => Promise<string>
  /** Asks a person for a line. Missing: standard input is no terminal. */
  readonly ask?: (question: string) => Promise<string>
  /** Fires when the command shall end: Ctrl-C, SIGTERM, or standard output is not read any more. */
  readonly interrupted: AbortSignal
  /** Takes the whole terminal until it is closed: only where `screen` is true. */
  openScreen(): LiveScreen
  /** From now on SIGHUP calls this in the place of ending the command. */
  onHangUp(reload: () => void): void
}

/** A terminal that a command draws over again and again, on its other screen. */
export interface LiveScreen {
  /** At present. */
  size(): { readonly columns: number; readonly rows: number }
  /** Lines from the top left on, none of them wider than the screen. */
  draw(lines: readonly string[]): void
  /** Calls with what is typed, Ctrl-C too; never where standard input is no terminal. Returns the end of it. */
  onTyped(take: (typed: string) => void): () => void
  /** Returns the end of it. */
  onResize(call: () => void): () => void
  /** Shows what was there before. */
  close(): void
}

/** Why `interrupted` fired. */
export type Interruption = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'EPIPE'
