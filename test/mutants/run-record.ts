import type { ExecutedCode } from './executed-code.ts'

/** Told of a test file beside its outcome, by the process that runs it. */
export interface RunRecord {
  /** Of the processor, with the imports: unlike the time of day it is the same beside other work. */
  readonly cpuMs: number
  /** Null when it was not asked for. */
  readonly executed: ExecutedCode | null
}

declare module 'vitest' {
  interface TaskMeta {
    record?: RunRecord
  }
}

/** An environment variable: '1' while the code that ran is asked for. */
export const RECORDS_CODE = 'TAILRACE_MUTANTS_RECORD_CODE'
