import { parseArgs } from 'node:util'

/** An option of a tool, `--name`. Numbers are not negative; `least` is their bound, and 0 without it. */
export interface ToolOption {
  /** `list`: texts with commas between them. */
  readonly kind: 'flag' | 'text' | 'list' | 'whole number' | 'number'
  readonly default?: string | number
  readonly least?: number
  /** All that a text, or each of a list, may be. */
  readonly among?: readonly string[]
}

type Options = Readonly<Record<string, ToolOption>>

type ValueOf<Option extends ToolOption> = Option['kind'] extends 'flag'
  ? boolean
  : Option['kind'] extends 'list'
    ? readonly string[]
    : (Option['kind'] extends 'text' ? string : number) | (Option extends { default: unknown } ? never : undefined)

export interface ToolArguments<Wanted extends Options> {
  readonly values: { readonly [Name in keyof Wanted]: ValueOf<Wanted[Name]> }
  readonly operands: readonly string[]
}

/** What is wrong with the arguments, in one line. */
class WrongArgument extends Error {}

/**
 * The arguments that a tool was started with; flags are false and lists empty where they are not given. With `--help`
 * the process ends after it has printed the usage, with 0; with an argument that the tool does not take, after one line
 * that names it and the usage, with 2.
 */
export function toolArguments<const Wanted extends Options>(
  usage: string,
  options: Wanted,
  mostOperands = 0,
): ToolArguments<Wanted> {
  const given = process.argv.slice(2)
  helpIfAsked(usage, given)
  try {
    return readArguments(given, options, mostOperands)
  } catch (error) {
    if (!(error instanceof WrongArgument)) throw error
    return refuseArguments(usage, error.message)
  }
}

/** Ends the process after it has printed the usage, if that is what was asked for. */
export function helpIfAsked(usage: string, given: readonly string[]): void {
  const end = given.indexOf('--')
  if (!given.slice(0, end < 0 ? given.length : end).includes('--help')) return
  console.log(usage)
  process.exit(0)
}

/** Ends the process. For what no single argument shows: those that exclude or need each other. */
export function refuseArguments(usage: string, problem: string): never {
  console.error(`${problem}\n${usage}`)
  process.exit(2)
}

/** @throws Error with a message of one line */
export function readArguments<const Wanted extends Options>(
  given: readonly string[],
  options: Wanted,
  mostOperands: number,
): ToolArguments<Wanted> {
  const values: Record<string, unknown> = {}
  for (const [name, option] of Object.entries<ToolOption>(options)) values[name] = valueIfAbsent(option)
  const operands: string[] = []
  const types = Object.entries<ToolOption>(options).map(([name, { kind }]) => {
    return [name, { type: kind === 'flag' ? 'boolean' : 'string' }] as const
  })
  const { tokens } = parseArgs({ args: given, options: Object.fromEntries(types), strict: false, tokens: true })
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value)
    if (token.kind !== 'option') continue
    const { name, rawName, value, inlineValue } = token
    const option = Object.hasOwn(options, name) ? options[name] : undefined
    if (option === undefined || !rawName.startsWith('--')) throw new WrongArgument(`There is no option ${rawName}.`)
    const isMissing = value === undefined || (inlineValue === false && value.startsWith('--'))
    values[name] = parsedValue(rawName, option, isMissing ? undefined : value)
  }
  const surplus = operands[mostOperands]
  if (surplus !== undefined) throw new WrongArgument(`There is no use for the argument "${surplus}".`)
  return { values: values as ToolArguments<Wanted>['values'], operands }
}

function valueIfAbsent({ kind, default: otherwise }: ToolOption): unknown {
  if (kind === 'flag') return false
  return kind === 'list' ? [] : otherwise
}

function parsedValue(name: string, { kind, least = 0, among }: ToolOption, text: string | undefined): unknown {
  if (kind === 'flag') {
    if (text !== undefined) throw new WrongArgument(`${name} takes no value.`)
    return true
  }
  if (text === undefined) throw new WrongArgument(`${name} needs a value.`)
  if (kind === 'text' || kind === 'list') {
    const texts = kind === 'text' ? [text] : text.split(',').filter((part) => part !== '')
    const strange = texts.find((part) => among?.includes(part) === false)
    if (strange !== undefined) throw new WrongArgument(`${name}: "${strange}" is none of ${among!.join(', ')}.`)
    return kind === 'text' ? text : texts
  }
  const value = Number(text)
  const isOne = /^\d+(\.\d+)?$/.test(text) && value >= least && (kind === 'number' || Number.isSafeInteger(value))
  if (isOne) return value
  throw new WrongArgument(`${name}: "${text}" is not a ${kind}${least > 0 ? ` of ${least} or more` : ''}.`)
}
