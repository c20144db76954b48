import type { CommandTable } from '../command.ts'
import { clients } from './clients.ts'
import { delivery } from './delivery.ts'
import { disk } from './disk.ts'
import { expectations } from './expect.ts'
import { exploration } from './explore.ts'
import { inject } from './inject.ts'
import { membership } from './membership.ts'
import { setup } from './setup.ts'
import { show } from './show.ts'
import { snapshot } from './snapshot.ts'
import { time } from './time.ts'

/** All commands. A new theme is a file with a table of its own and a line here; no word may be taken twice. */
export const commands: CommandTable = merge([
  setup,
  delivery,
  inject,
  time,
  disk,
  clients,
  snapshot,
  membership,
  show,
  expectations,
  exploration,
])

function merge(tables: readonly CommandTable[]): CommandTable {
  const merged: Record<string, CommandTable[string]> = {}
  for (const table of tables) {
    for (const [word, command] of Object.entries(table)) {
      if (Object.hasOwn(merged, word)) throw new Error(`two commands are called ${word}`)
      merged[word] = command
    }
  }
  return merged
}
