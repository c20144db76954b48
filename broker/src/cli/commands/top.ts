import { Command, Option } from 'commander'
import { type TopicOrder, topicOrders } from '../top/view.ts'
import type { CommandContext } from './context.ts'
import { withLooking } from './looking.ts'
import type { ClientOptions } from './shared-options.ts'
import { jsonOption, serverOption } from './shared-options.ts'

/** A broker that stands still must not make the view older than this. */
const SILENCE_MS = 3_000

/** `tailrace top`. */
export function topCommand({ terminal, run }: CommandContext): Command {
  return new Command('top')
    .option('--once', 'print one page as text, as where standard output is no terminal')
    .addOption(new Option('--sort <order>', 'order of the topics').choices([...topicOrders]).default('records'))
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((flags: ClientOptions & { readonly once?: true; readonly sort: TopicOrder }) =>
      run(async () => {
        const { topLive, topOnce } = await import('../top/top.ts')
        const isLive = terminal.screen && flags.once !== true && flags.json !== true
        const work = isLive ? topLive : topOnce
        return withLooking(flags, terminal, (looking) => work(flags.sort, looking), SILENCE_MS)
      }),
    )
}
