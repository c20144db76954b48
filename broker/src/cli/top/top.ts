import { pause } from '../../platform/timing/pause.ts'
import { CommandFailure, ExitCode } from '../command-failure.ts'
import type { Looking } from '../health/look-at-brokers.ts'
import type { LiveScreen } from '../terminal.ts'
import type { Figures } from './figures.ts'
import { figuresOf } from './figures-of.ts'
import { type PageLine, screenPage, textPage } from './page.ts'
import { type Sample, takeSample } from './sample.ts'
import { keysIn, type TopicOrder, type View, viewAfter } from './view.ts'

/** Between two looks. Rates of --once are those of the first of them. */
const EVERY_MS = 2_000
const ONCE_MS = 1_000

/** `tailrace top --once`, and with --json: two looks, one page. */
export async function topOnce(order: TopicOrder, looking: Looking): Promise<ExitCode> {
  const { clock, terminal, json } = looking
  const before = await takeSample(looking, null)
  await pause(clock, ONCE_MS, terminal.interrupted)
  const figures = figuresOf(before, await takeSample(looking, before))
  terminal.print(json ? JSON.stringify(figures) : textPage(figures, order, terminal.width))
  return ExitCode.Done
}

/** `tailrace top`: draws until it is quit. The screen is as before at the end, whatever ends it. */
export async function topLive(order: TopicOrder, looking: Looking): Promise<ExitCode> {
  // The first look is before the screen changes: a wrong address is told as by every other command.
  const first = await takeSample(looking, null)
  const screen = looking.terminal.openScreen()
  const watch = new Watch(figuresOf(null, first), order, screen)
  try {
    await Promise.race([watch.quit, lookAgain(looking, first, watch)])
    return ExitCode.Done
  } finally {
    watch.end()
    screen.close()
  }
}

async function lookAgain(looking: Looking, first: Sample, watch: Watch): Promise<void> {
  const { clock, terminal } = looking
  const { interrupted } = terminal
  let [last, begun] = [first, clock.monotonic()]
  // Rates come sooner than the second look would otherwise be.
  for (let wait = ONCE_MS; !interrupted.aborted && !watch.ended; wait = EVERY_MS) {
    await pause(clock, Math.max(0, wait - (clock.monotonic() - begun)), interrupted)
    if (interrupted.aborted || watch.ended) return
    begun = clock.monotonic()
    try {
      const next = await takeSample(looking, last)
      watch.show(figuresOf(last, next))
      last = next
    } catch (error) {
      if (interrupted.aborted) return
      if (!(error instanceof CommandFailure)) throw error
      watch.fail(error.message)
    }
  }
}

/** The screen and the keys; figures come from outside. */
class Watch {
  readonly quit: Promise<void>
  ended = false
  #figures: Figures
  #error = ''
  #view: View
  readonly #screen: LiveScreen
  readonly #stops: (() => void)[]

  constructor(figures: Figures, order: TopicOrder, screen: LiveScreen) {
    this.#figures = figures
    this.#view = { order, paused: false, help: false, scroll: 0 }
    this.#screen = screen
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.quit = promise
    // An error in here must end the command, which restores the screen.
    const guarded = (work: () => void) => {
      try {
        work()
      } catch (error) {
        reject(error)
      }
    }
    const take = (typed: string) => {
      for (const key of keysIn(typed)) {
        if (key === 'quit') return resolve()
        this.#view = viewAfter(this.#view, key, this.#page())
      }
      this.#draw()
    }
    this.#stops = [
      screen.onTyped((typed) => guarded(() => take(typed))),
      screen.onResize(() => guarded(() => this.#draw())),
    ]
    this.#draw()
  }

  show(figures: Figures): void {
    if (this.#view.paused || this.ended) return
    this.#figures = figures
    this.#error = ''
    this.#draw()
  }

  fail(why: string): void {
    if (this.#view.paused || this.ended) return
    this.#error = why
    this.#draw()
  }

  end(): void {
    this.ended = true
    for (const stop of this.#stops) stop()
  }

  #page(): ReturnType<typeof screenPage> {
    const { columns, rows } = this.#screen.size()
    return screenPage(this.#figures, this.#view, columns, rows, this.#error)
  }

  #draw(): void {
    const page = this.#page()
    // A page that has become shorter leaves no scroll behind.
    this.#view = { ...this.#view, scroll: Math.min(this.#view.scroll, page.most) }
    this.#screen.draw(page.lines.map(styled))
  }
}

function styled({ text, kind }: PageLine): string {
  return kind === 'plain' ? text : `\x1b[${kind === 'title' ? 7 : 1}m${text}\x1b[0m`
}
