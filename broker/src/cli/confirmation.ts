import { Option } from 'commander'
import { UsageError } from './command-failure.ts'
import type { Terminal } from './terminal.ts'

/** Flags of a command that cannot be undone. */
export interface Confirmed {
  readonly yes?: true
}

export function yesOption(): Option {
  return new Option('-y, --yes', 'do it without asking; needed where no person can be asked')
}

/**
 * Asks for the name of what is about to be lost. Resolves when a person has typed it, or at once with --yes.
 * `does`: what happens, like "This deletes topic orders with all its records".
 * @throws UsageError another name was typed, or there is nobody to ask; TailraceError ABORTED
 */
export async function confirm(
  does: string,
  name: string,
  { yes }: Confirmed,
  { ask }: Pick<Terminal, 'ask'>,
): Promise<void> {
  if (yes === true) return
  if (ask === undefined) throw new UsageError(`${does}, which cannot be undone: add --yes to do it without being asked`)
  const typed = await ask(`${does}, which cannot be undone.\nType ${name} to go on: `)
  if (typed !== name) throw new UsageError(`nothing was done: ${JSON.stringify(typed)} is not ${JSON.stringify(name)}`)
}
