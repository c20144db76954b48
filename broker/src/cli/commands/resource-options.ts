import type { Command } from 'commander'

/** Flags that name resources (admin/resource-flags.ts). */
export function withResources(command: Command): Command {
  return command
    .option('--topics <names>', "topics, with commas; a * at the end makes a prefix, like 'orders.*'")
    .option('--groups <names>', 'consumer groups, likewise')
    .option('--transactional-ids <names>', 'transactional ids, likewise')
    .option('--cluster', 'the cluster')
}
