import type { Command, Option } from 'commander'

/**
 * What may stand in the place of the last word, which may be empty or half typed, behind `tailrace` and the words
 * before it. Empty where any text may stand there, such as the name of a file. Out of the commands themselves: each new
 * one, or new option, is offered as soon as it is there.
 */
export function candidatesFor(program: Command, words: readonly string[]): string[] {
  const current = words.at(-1) ?? ''
  const place = placeAfter(program, words.slice(0, -1))
  return offered(place, current).filter((candidate) => candidate.startsWith(current))
}

/** Where the words before the current one lead. */
interface Place {
  readonly command: Command
  /** How many arguments the command has already. */
  readonly given: number
  /** The option whose value comes next. */
  readonly option: Option | null
  /** After `--` there are no options. */
  readonly ended: boolean
}

function placeAfter(program: Command, words: readonly string[]): Place {
  let place: Place = { command: program, given: 0, option: null, ended: false }
  for (const word of words) place = next(place, word)
  return place
}

function next(place: Place, word: string): Place {
  const { command, given, option, ended } = place
  if (option !== null) return { ...place, option: null }
  if (!ended && word === '--') return { ...place, ended: true }
  if (!ended && word.startsWith('-')) return { ...place, option: optionOf(command, word) }
  // "help" takes the same words.
  if (word === 'help' && command.commands.length > 0) return place
  const child = command.commands.find((one) => one.name() === word || one.aliases().includes(word))
  return child === undefined ? { ...place, given: given + 1 } : { command: child, given: 0, option: null, ended: false }
}

/** The option that the word names, if its value is the next word. */
function optionOf(command: Command, word: string): Option | null {
  const found = command.options.find(({ long, short }) => long === word || short === word)
  return found?.required === true ? found : null
}

function offered({ command, given, option, ended }: Place, current: string): readonly string[] {
  if (option !== null) return option.argChoices ?? []
  const help = command.createHelp()
  if (!ended && current.startsWith('-'))
    return help.visibleOptions(command).flatMap(({ long, short }) => long ?? short ?? [])
  if (command.commands.length > 0) return given > 0 ? [] : help.visibleCommands(command).map((child) => child.name())
  const argument = command.registeredArguments[given] ?? command.registeredArguments.at(-1)
  const isPast = given >= command.registeredArguments.length && argument?.variadic !== true
  return isPast ? [] : (argument?.argChoices ?? [])
}
