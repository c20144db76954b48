import type { Arguments } from './arguments.ts'
import type { Story } from './story.ts'

/** Carries out a line; its output goes to `story.say` or comes from the replicas. Throws BadCommand or Unexpected. */
export type Command = (story: Story, args: Arguments) => void

/** Commands by their first word. A theme's commands live in one file of `commands/`, which table.ts lists. */
export type CommandTable = Readonly<Record<string, Command>>
