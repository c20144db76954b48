import { TailraceError } from '@tailrace/schemas/tailrace-error'
import { DiskError } from '../../platform/disk.ts'
import { ExitCode, explain } from '../command-failure.ts'
import type { Terminal } from '../terminal.ts'

/**
 * The exit code of a look at files. A newer version has to look, or the system does not open them: then they are
 * neither sound nor damaged.
 */
export async function exitOfLook(
  json: boolean,
  terminal: Pick<Terminal, 'complain'>,
  look: () => Promise<number>,
): Promise<number> {
  try {
    return await look()
  } catch (error) {
    if (!(error instanceof DiskError || (error instanceof TailraceError && error.code === 'NEWER_FORMAT'))) throw error
    terminal.complain(explain(error, json))
    return ExitCode.Usage
  }
}
