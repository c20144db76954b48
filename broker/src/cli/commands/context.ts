import type { Terminal } from '../terminal.ts'

/** What every command gets, and where it leaves its exit code. */
export interface CommandContext {
  readonly terminal: Terminal
  /** Runs a command's work; its exit code becomes the process's. */
  run(work: () => Promise<number>): Promise<void>
}
