import type { Terminal } from './terminal.ts'

const codes = { dim: [2, 22], red: [31, 39], yellow: [33, 39], cyan: [36, 39] } as const

/** Text in a colour, where there are colours. */
export type Paint = (colour: keyof typeof codes, text: string) => string

export const plain: Paint = (_colour, text) => text

const coloured: Paint = (colour, text) => `\x1b[${codes[colour][0]}m${text}\x1b[${codes[colour][1]}m`

/**
 * Colours where a person watches, unless NO_COLOR says otherwise (https://no-color.org); with FORCE_COLOR everywhere.
 * `watched`: whether a person watches the place where the text goes.
 */
export function paintFor({ environment }: Pick<Terminal, 'environment'>, watched: boolean): Paint {
  const { NO_COLOR, FORCE_COLOR, TERM } = environment
  if (NO_COLOR) return plain
  if (FORCE_COLOR) return FORCE_COLOR === '0' || FORCE_COLOR === 'false' ? plain : coloured
  return watched && TERM !== 'dumb' ? coloured : plain
}
