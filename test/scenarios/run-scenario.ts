import { parseArguments } from './arguments.ts'
import { commands } from './commands/table.ts'
import { BadCommand, type Breach, breachOf } from './failures.ts'
import { formatScenario, type Line, parseScenario } from './format.ts'
import { Story } from './story.ts'

export interface ScenarioRun {
  /** The file as it would be with the outcomes found. */
  readonly rewritten: string
  /**
   * Failures that no rewriting may hide: expectations that do not hold, properties that broke and were not expected to.
   */
  readonly failures: readonly string[]
}

/**
 * Runs all stories of a file. Beside the commands of `commands/`, three belong to the file itself:
 * - `story <title>` begins anew with other brokers;
 * - `control <defects> breaks <what>` tells the story so far once more with safety mechanisms switched off: it must
 *   break, at a property of Raft (then no `expect` is asked) or, as `expectation`, at an `expect`;
 * - `expect broken <property>` must follow a command that broke a property, in a story that has switched one off by
 *   `defects`.
 */
export function runScenario(text: string): ScenarioRun {
  const lines = parseScenario(text)
  const teller = new Teller()
  const outcomes = lines.map((line) => (line.kind === 'prose' ? [] : teller.tell(line)))
  teller.end()
  return { rewritten: formatScenario(lines, outcomes), failures: teller.failures }
}

class Teller {
  readonly failures: string[] = []
  #story = new Story()
  /** Commands of the present story. */
  #told: string[] = []
  /** The property that the last command broke: the story is over. */
  #broken: Breach | null = null
  #excused = false
  #at = 0

  /** Carries out one command; returns its outcome. */
  tell(line: Line): string[] {
    this.#at = line.number
    const { name, words } = parseArguments(line.text)
    if (name === 'story') return this.#begin()
    if (name === 'control') return this.#control(words)
    if (name === 'expect' && words[0] === 'broken') return this.#excuse(words[1])
    if (this.#broken !== null) return this.#fail('this story has ended')
    try {
      perform(this.#story, line.text)
      this.#told.push(line.text)
      const told = this.#told.slice()
      this.#story.replay = () => retell(told, [], looks)
      return this.#story.takeOutput()
    } catch (error) {
      return [...this.#story.takeOutput(), ...this.#broke(error)]
    }
  }

  end(): void {
    if (this.#broken !== null && !this.#excused) this.#fail(`unexpected: ${this.#broken.what}: ${this.#broken.detail}`)
  }

  #begin(): string[] {
    this.end()
    this.#story = new Story()
    this.#told = []
    this.#broken = null
    this.#excused = false
    return []
  }

  #broke(error: unknown): string[] {
    if (error instanceof BadCommand) return this.#fail(error.message)
    const breach = breachOf(error)
    if (breach === null) throw error
    if (breach.what === 'expectation') return this.#fail(breach.detail)
    this.#broken = breach
    return [`! ${breach.what}: ${breach.detail}`]
  }

  #excuse(what: string | undefined): string[] {
    if (this.#broken?.what !== what) return this.#fail(`broken: ${this.#broken?.what ?? 'nothing'}, expected ${what}`)
    this.#excused = true
    return []
  }

  #control(words: readonly string[]): string[] {
    const split = words.indexOf('breaks')
    const expected = words[split + 1]
    if (split < 1 || expected === undefined) return this.#fail('control <defects> breaks <property>')
    let at = ''
    try {
      const skipped = expected === 'expectation' ? explores : looks
      retell(this.#told, words.slice(0, split), skipped, (text) => (at = text))
    } catch (error) {
      const breach = breachOf(error)
      if (breach === null) {
        if (error instanceof BadCommand) return this.#fail(`at "${at}": ${error.message}`)
        throw error
      }
      const outcome = `at "${at}": ${breach.what}: ${breach.detail}`
      return breach.what === expected ? [outcome] : this.#fail(outcome)
    }
    return this.#fail('the story goes on as if nothing were switched off')
  }

  #fail(message: string): string[] {
    this.failures.push(`line ${this.#at}: ${message}`)
    return [`? ${message}`]
  }
}

/** Words that need not be told again: they change nothing. */
const explores = ['explore']
const looks = [...explores, 'expect', 'logs', 'status', 'wire', 'counters']

function retell(
  told: readonly string[],
  defects: readonly string[],
  skipped: readonly string[],
  watch: (text: string) => void = () => {},
): Story {
  const story = new Story()
  story.setDefects(defects)
  for (const text of told) {
    if (skipped.includes(text.split(' ')[0]!)) continue
    watch(text)
    perform(story, text)
    story.takeOutput()
  }
  return story
}

function perform(story: Story, text: string): void {
  const args = parseArguments(text)
  const command = Object.hasOwn(commands, args.name) ? commands[args.name] : undefined
  if (command === undefined) throw new BadCommand(`no command is called ${args.name}`)
  command(story, args)
}
